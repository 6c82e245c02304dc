// When the version of the cluster may be raised.

import PDBCoordinator
import PDBModel
import Raft
import Testing

@Suite struct PeerVersionsTests {
  private let members = (1...3).map { Member(id: NodeID($0), address: "\($0)", rank: 0) }

  @Test func `all members must have been met`() {
    var versions = PeerVersions()
    #expect(versions.common(of: members, besides: 1) == nil)
    versions.note(2, understands: .checksums)
    #expect(versions.common(of: members, besides: 1) == nil)
    versions.note(3, understands: .checksums)
    #expect(versions.common(of: members, besides: 1) == .checksums)
    #expect(PeerVersions().common(of: Array(members.prefix(1)), besides: 1) == .newest)
  }

  @Test func `the oldest of them decides, and what it said last`() {
    var versions = PeerVersions()
    versions.note(2, understands: .first)
    versions.note(3, understands: .checksums)
    #expect(versions.common(of: members, besides: 1) == .first)
    versions.note(2, understands: .checksums)
    #expect(versions.common(of: members, besides: 1) == .checksums)
    #expect(versions.common(of: members, besides: 1, understanding: .first) == .first)
  }
}

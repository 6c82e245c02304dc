// Reading everything once, to see whether another program has written below the prefix.

import PDBCoordinator
package import PDBModel
import PDBStore

extension EtcdStore {
  /// Reads all values, at one revision, and compares them with the sum of checksums that the mark has.
  ///
  /// - Returns: the revision of the data.
  /// - Throws: `corrupt` if something was put there, altered or removed by another program.
  /// - Complexity: O(bytes of all values).
  package func verify() async throws(PDBError) -> UInt64 {
    do { return try await engine.verify() } catch { throw PDBError(reading: error) }
  }
}

extension EtcdEngine {
  func verify() async throws -> UInt64 {
    let snapshot = try await snapshot(.linearizable)
    let mark = snapshot.record.mark
    var sum: UInt64 = 0
    // Which transaction made a revision, and which keys claim to be of it but were put by another one.
    var made: [UInt64: Int64] = [:]
    var claims: [(place: Bytes, revision: UInt64, modified: Int64)] = []
    for range in layout.present(from: [], to: nil) {
      try await visit(range, snapshot) { pair in
        guard let stored = StoredRecord.decode(pair.value) else { throw strange(pair.key) }
        sum &+= stored.checksum(under: layout.key(ofPresent: pair.key))
        claims.append((pair.key, stored.revision, pair.modified))
      }
    }
    guard sum != mark.hash else { return mark.revision }
    try await visit(layout.revisions(0, .max), snapshot) { pair in
      if let number = layout.number(of: pair.key) { made[number] = pair.modified }
    }
    let altered = claims.filter { claim in
      made[claim.revision].map { $0 != claim.modified } ?? false
    }
    throw altered.first.map { strange($0.place) }
      ?? PDBError(
        .corrupt, "the values in etcd are not those that pdb wrote up to revision \(mark.revision)",
        hint: "another program has written below '\(gateway.address.prefix)'; "
          + "'etcdctl get --prefix' shows what stands there, 'pdb diff' what pdb wrote")
  }

  /// Visits all pairs of a range as they were at a snapshot.
  private func visit(
    _ range: KeyRange, _ snapshot: EtcdSnapshot, _ body: (EtcdPair) throws -> Void
  ) async throws {
    var rest = range
    while !rest.isEmpty {
      let answer: Answer
      do {
        answer = try await ranges(
          [.init(rest, limit: 256)], at: snapshot.revision, until: .now + .seconds(10))
      } catch let failure as EtcdFailure { throw failure.reading }
      let (pairs, more) = answer.found[0]
      for pair in pairs { try body(pair) }
      guard more, let last = pairs.last else { return }
      rest = KeyRange(last.key + [0], rest.upper)
    }
  }
}

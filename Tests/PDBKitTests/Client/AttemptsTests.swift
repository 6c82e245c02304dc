// A client's attempts: which node it asks next, and what it says when none succeeds.

import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBModel
@testable import PDBServer

@Suite struct AttemptsTests {
  private static let addresses = (4000...4002).map { NodeAddress(host: "127.0.0.1", port: $0) }
  private let addresses = Self.addresses

  private func notLeader(_ leader: NodeAddress) -> Attempts.Result {
    .error(
      PDBError(.notLeader, "", details: [.init("leader", .string(leader.url))]))
  }

  @Test func `a follower leads to the leader it names`() {
    var attempts = Attempts(addresses: addresses, isChange: true)
    let first = attempts.next()
    guard case .hop(let next, _) = attempts.record(notLeader(addresses[2]), of: first) else {
      Issue.record("no hop")
      return
    }
    #expect(next == addresses[2])
    #expect(attempts.next() == addresses[2])
  }

  @Test func `a leader nobody told of before is followed too`() {
    var attempts = Attempts(addresses: [addresses[0]], isChange: true)
    _ = attempts.record(notLeader(addresses[1]), of: attempts.next())
    #expect(attempts.next() == addresses[1])
  }

  @Test func `a dead leader that is still named is not asked over and over`() {
    var attempts = Attempts(addresses: addresses, isChange: true)
    _ = attempts.record(.unreachable("refused"), of: attempts.next())
    let follower = attempts.next()
    #expect(follower == addresses[1])
    _ = attempts.record(notLeader(addresses[0]), of: follower)
    #expect(attempts.next() == addresses[2])
  }

  @Test func `when nobody is there at all it says so at once`() {
    var attempts = Attempts(addresses: addresses, isChange: true)
    for position in 0..<3 {
      let next = attempts.record(.unreachable("connection refused"), of: attempts.next())
      if case .failed(let error) = next {
        #expect(position == 2)
        #expect(error.code == .unreachable && error.outcome == .notApplied)
        #expect(error.details.first?.value.array?.count == 3)
      } else {
        #expect(position < 2)
      }
    }
  }

  @Test(arguments: [true, false])
  func `a lost answer leaves a change unknown, and a read merely unanswered`(isChange: Bool) {
    var attempts = Attempts(addresses: addresses, isChange: isChange)
    _ = attempts.record(.lost("no answer in time"), of: attempts.next())
    _ = attempts.record(.unreachable("connection refused"), of: attempts.next())
    #expect(attempts.failure.outcome == (isChange ? .unknown : .notApplied))
    #expect(attempts.failure.code == (isChange ? .unknownOutcome : .noQuorum))
  }

  @Test func `a definite no is final, whatever happened before`() {
    var attempts = Attempts(addresses: addresses, isChange: true)
    _ = attempts.record(.lost("no answer in time"), of: attempts.next())
    let next = attempts.record(.error(PDBError(.taskNotFound, "no")), of: attempts.next())
    guard case .failed(let error) = next else {
      Issue.record("not final")
      return
    }
    #expect(error.code == .taskNotFound)
  }

  @Test func `a refusal by one node does not promise what became of a lost answer`() {
    var attempts = Attempts(addresses: addresses, isChange: true)
    _ = attempts.record(.lost("connection lost"), of: attempts.next())
    let next = attempts.record(.error(PDBError(.unauthorized, "no")), of: attempts.next())
    guard case .failed(let error) = next else {
      Issue.record("not final")
      return
    }
    #expect(error.outcome == .unknown)
  }

  @Test func `a cluster without a leader is asked again after a pause`() {
    var attempts = Attempts(addresses: addresses, isChange: true)
    var pauses = 0
    for _ in 0..<6 {
      let next = attempts.record(.error(PDBError(.noLeader, "")), of: attempts.next())
      if case .pause = next { pauses += 1 }
    }
    #expect(pauses >= 3)
    #expect(attempts.failure.code == .noLeader && attempts.failure.outcome == .notApplied)
  }

  @Test(arguments: [false, true])
  func `a refusal with an unknown code is passed on, and claims nothing of earlier attempts`(
    isRepeated: Bool
  ) {
    var attempts = Attempts(addresses: addresses, isChange: true)
    if isRepeated { _ = attempts.record(.lost("no answer in time"), of: attempts.next()) }
    let refusal = PDBError(.init(rawValue: "from_2030"), "m", hint: "h")
    guard case .failed(let error) = attempts.record(.error(refusal), of: attempts.next()) else {
      Issue.record("not refused")
      return
    }
    #expect(error.code == refusal.code && error.message == "m" && error.hint == "h")
    #expect(error.outcome == (isRepeated ? .unknown : .notApplied))
  }
}

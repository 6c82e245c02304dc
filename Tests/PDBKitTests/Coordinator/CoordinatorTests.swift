// What the coordinator replies to requests.

import Raft
import Testing

@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBImport
@testable import PDBLoad
@testable import PDBModel
@testable import PDBServer

@Suite struct CoordinatorTests {
  private static let change = Ticket(1)
  private static let read = Ticket(2)

  /// A coordinator of the first of some nodes.
  private func coordinator(of count: Int) -> Coordinator {
    let addresses = (1...count).map { NodeAddress(host: "127.0.0.1", port: $0) }
    let membership = Membership.bootstrap(addresses, cluster: "test")
    let node = Node(
      id: membership.members[0].id, snapshot: .beginning(membership),
      configuration: Raft.Configuration(
        electionTicks: 20, electionSpreadTicks: 20, heartbeatTicks: 4),
      seed: 1)
    var mark = StateMark()
    mark.membership = membership
    return Coordinator(
      node: node,
      identity: Identity(cluster: "test", node: membership.members[0].id, address: addresses[0]),
      mark: mark, firstReadID: 0)
  }

  /// One that leads alone. Its first entry is committed and not applied.
  private func leader() -> Coordinator {
    var coordinator = coordinator(of: 1)
    while coordinator.status.commitIndex == 0 {
      var batches = coordinator.handle(.tick).persist
      while !batches.isEmpty {
        batches = coordinator.handle(.persisted(number: batches.removeFirst().number)).persist
      }
    }
    return coordinator
  }

  @Test(arguments: [false, true])
  func `a node that is alone does not blame others for a change that it could not write`(
    isFull: Bool
  ) throws {
    var coordinator = leader()
    _ = coordinator.handle(.request(.propose([1]), Self.change))
    if isFull { _ = coordinator.handle(.storageFull(true)) }
    var replies: [(ticket: Ticket, reply: Coordinator.Reply)] = []
    for _ in 0..<1_000 { replies += coordinator.handle(.tick).replies }
    try #require(replies.count == 1)
    #expect(replies[0].ticket == Self.change)
    guard case .failed(let error) = replies[0].reply else {
      Issue.record("\(replies[0].reply)")
      return
    }
    #expect(error.code == .unknownOutcome && error.outcome == .unknown)
    #expect(!error.message.contains("other nodes"))
    #expect(error.message.contains("full") == isFull)
  }

  @Test func `what arrives together is proposed in one batch and confirmed in one round`() throws {
    var coordinator = leader()
    let actions = coordinator.handle(
      [
        .request(.propose([1]), Ticket(0)), .request(.read, Ticket(1)),
        .request(.propose([2]), Ticket(2)), .request(.read, Ticket(3)),
      ], at: Timestamp(milliseconds: 0))
    #expect(actions.persist.count == 1)
    #expect(actions.persist[0].entries.count == 2)
    #expect(actions.replies.isEmpty, "the no-op of the term is not applied yet")
  }

  @Test func `a read is answered when its index is applied, and not before`() throws {
    var coordinator = leader()
    let asked = coordinator.handle(.request(.read, Self.read))
    #expect(asked.replies.isEmpty)
    var mark = coordinator.status.mark
    mark.appliedIndex = coordinator.status.commitIndex
    let applied = coordinator.handle(.applied([], mark))
    #expect(applied.replies.map(\.ticket) == [Self.read])
  }

  @Test func `every ticket is answered when the node stops`() throws {
    var coordinator = leader()
    _ = coordinator.handle(.request(.propose([1]), Self.change))
    _ = coordinator.handle(.request(.read, Self.read))
    let replies = coordinator.stop().replies
    #expect(Set(replies.map(\.ticket)) == [Self.change, Self.read])
    for (ticket, reply) in replies {
      guard case .failed(let error) = reply else {
        Issue.record("\(ticket): \(reply)")
        continue
      }
      #expect(error.outcome == (ticket == Self.change ? .unknown : .notApplied))
    }
    #expect(coordinator.stop().replies.isEmpty)
  }
}

extension Coordinator {
  fileprivate mutating func handle(_ input: Input) -> Actions {
    handle([input], at: Timestamp(milliseconds: 0))
  }
}

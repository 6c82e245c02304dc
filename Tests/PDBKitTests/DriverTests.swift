// What the driver tells those who wait.

import Logging
import NIOConcurrencyHelpers
import Raft
import Testing

@testable import PDBKit

@Suite struct DriverTests {
  /// A driver of a cluster of some nodes, of which it is the first.
  private func driver(of count: Int) -> Driver {
    let addresses = (1...count).map { NodeAddress(host: "127.0.0.1", port: $0) }
    let membership = Membership.bootstrap(addresses, cluster: "test")
    let identity = Identity(
      cluster: "test", node: membership.members[0].id, address: addresses[0])
    let node = Node(
      id: identity.node, snapshot: .beginning(membership),
      configuration: Raft.Configuration(
        electionTicks: 20, electionSpreadTicks: 20, heartbeatTicks: 4),
      seed: 1)
    return Driver(
      node: node, status: EngineStatus(identity: identity), meters: Meters(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  /// The error of a change that a disk never writes.
  private func failure(isFull: Bool) async -> PDBError? {
    let driver = NIOLockedValueBox(driver(of: 1))
    func handle(_ inputs: RaftEngine.Input...) {
      driver.withLockedValue { driver in
        for batch in driver.handle(inputs, at: .now).batches where !driver.status.isLeader {
          _ = driver.handle([.persisted(number: batch.number)], at: .now)
        }
      }
    }
    for _ in 0..<100 where !driver.withLockedValue({ $0.status.isLeader }) { handle(.tick) }
    do {
      _ = try await withCheckedThrowingContinuation { continuation in
        handle(.propose([1], continuation))
        if isFull { handle(.storageFull(true)) }
        for _ in 0..<1_000 { handle(.tick) }
      }
      return nil
    } catch { return error as? PDBError }
  }

  @Test(arguments: [false, true])
  func `a node that is alone does not blame others for a change that it could not write`(
    isFull: Bool
  ) async throws {
    let error = try #require(await failure(isFull: isFull))
    #expect(error.code == .unknownOutcome && error.outcome == .unknown)
    #expect(!error.message.contains("other nodes"))
    #expect(error.message.contains("full") == isFull)
  }
}

// One node in memory that is driven by a script: the real engine and gate, on files of its own and a clock
// that the script moves.

import Foundation
import Logging
import MemoryFiles
import NIOCore
import NIOEmbedded
import NIOPosix
import PDBClient
import PDBCluster
import PDBCoordinator
import PDBModel
import PDBStorage
import PDBStore
import Raft

/// The node, and what must hold of it.
final class BenchNode {
  static let secret = ClusterSecret("what_the_peers_know")
  private static let cluster = "cluster"
  private static let logName = "node.log"

  let loop = NIOAsyncTestingEventLoop()
  let executor: LoopExecutor
  let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
  let store: ClusterStore
  let gate: PeerGate
  /// What a proof of the secret is bound to.
  let binding: Bytes
  private let folder = ScratchFolder()
  private let disk = MemoryDisk()
  private let state: StateStore
  private let witness = Witness()
  private let running: Task<Void, any Error>
  private let beginning: NodeView
  private var lastApplied: Index = 0

  /// - Parameters:
  ///   - members: how many there are, the node among them.
  ///   - maxLogEntries: where the log is compacted.
  ///   - needsVouchers: whether the node comes back from files.
  init(members count: Int, maxLogEntries: Int = 1000, needsVouchers: Bool = false) async throws {
    let addresses = (1...count).map { NodeAddress(host: "127.0.0.1", port: $0) }
    let membership = Membership.bootstrap(addresses, cluster: Self.cluster)
    let own = Membership.nodeID(addresses[0], cluster: Self.cluster)
    let identity = Identity(
      cluster: Self.cluster, node: own, address: addresses[0], incarnation: own)
    let log = LogStore(disk, name: Self.logName, segmentBytes: 16 << 10)
    try log.bootstrap(identity, .beginning(membership))
    state = try StateStore(path: folder.path + "/node.db", membership: membership, log: log)
    let node = Node(
      id: own, snapshot: .beginning(membership),
      configuration: Raft.Configuration(
        electionTicks: 20, electionSpreadTicks: 20, heartbeatTicks: 4,
        maxLogEntries: maxLogEntries),
      needsVouchers: needsVouchers, seed: 1)
    // Where the loop's clock does not begin at zero, a time that was forgotten shows.
    await loop.advanceTime(to: .now())
    executor = LoopExecutor(loop)
    let peers = Peers(own: own, logger: logger)
    let engine = RaftEngine(
      identity: identity, node: node, log: log, state: state, network: peers, logger: logger,
      executor: executor, observer: { [witness] in witness.see($0) })
    store = ClusterStore(engine, neighbours: NeighbourFiles(directory: folder.path, options: []))
    let trust = try PeerTrust(Self.secret)
    binding = trust.binding
    gate = PeerGate(
      engine, trust: trust, peers: peers, log: log, statePath: state.path, logger: logger)
    running = Task(executorPreference: executor) { try await engine.run() }
    beginning = NodeView(
      cluster: Self.cluster, node: own, peers: membership.members.map(\.id).filter { $0 != own })
  }

  /// What a peer may know now.
  var view: NodeView {
    var view = beginning
    let sight = witness.sight
    (view.term, view.commitIndex, view.lastIndex) = (
      sight.term, sight.commitIndex, sight.lastIndex
    )
    return view
  }

  // MARK: Time

  func pass(_ time: TimeAmount) async { await loop.advanceTime(by: time) }

  /// Waits until the node has done what there was to do.
  func settle() async throws {
    await loop.run()
    try await NIOThreadPool.singleton.runIfActive {}
    await loop.run()
  }

  // MARK: Judging

  /// - Throws: ``Violation``.
  func check() throws {
    try witness.check()
    let applied = state.mark().appliedIndex
    guard applied != lastApplied else { return }
    lastApplied = applied
    witness.see(try storedLog(), appliedIndex: applied)
    try witness.check()
  }

  /// What a process that came after this one would find.
  func storedLog() throws -> LogContents {
    guard let contents = try LogStore(disk.afterKill(), name: Self.logName).load() else {
      throw Violation("there is no log")
    }
    return contents
  }

  /// The node is told to stop. It may have ended itself before, but only where a member has broken its
  /// promises.
  ///
  /// - Throws: ``Violation``.
  func stop() async throws {
    try await settle()
    running.cancel()
    let result = await running.result
    try check()
    do { try result.get() } catch is CancellationError {} catch let error as PDBError {
      guard error.code == .corrupt, error.hint != nil else { throw Violation("ended: \(error)") }
    } catch { throw Violation("ended: \(error)") }
  }
}

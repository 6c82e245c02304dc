// A node in front of an etcd, as the server has it.

import Logging
import PDBCluster
import PDBCoordinator
import PDBEtcd
import PDBModel
import PDBStore

extension EtcdFront: ServedStore {
  var measurements: Measurements { Measurements() }
  var timeline: [Timeline.Entry] { [] }
  func consensusFrames() -> AsyncStream<ConsensusFrame>? { nil }

  func add(
    _ address: NodeAddress, invitedBy invitation: Invitation
  ) async throws(PDBError) -> ClusterMember { try await add(address) }
}

/// Keeps a front running; nodes of clusters are turned away.
struct FrontNode: NodeCore {
  let front: EtcdFront
  let peers: NoPeers

  /// Waits until etcd answers.
  ///
  /// - Throws: `no_input` if there is no database.
  init(
    _ etcd: EtcdAddress, _ access: EtcdAccess, _ configuration: NodeConfiguration, _ logger: Logger
  ) async throws {
    front = try await Self.front(etcd, access, configuration, logger)
    peers = try NoPeers(
      of: try await front.identity().cluster, as: front.id, at: configuration.reachableAddress,
      secret: configuration.clusterSecret)
  }

  private static func front(
    _ etcd: EtcdAddress, _ access: EtcdAccess, _ configuration: NodeConfiguration, _ logger: Logger
  ) async throws -> EtcdFront {
    while true {
      do {
        return try await EtcdFront(
          etcd, access, at: configuration.reachableAddress,
          isInsecure: configuration.servesInsecurely)
      } catch let error as PDBError where error.code == .unreachable {
        logger.warning("waiting for etcd", metadata: ["reason": "\(error.message)"])
        try await Task.sleep(for: .seconds(1))
      }
    }
  }

  var store: EtcdFront { front }
  var receiver: any PeerReceiver { peers }
  var stopRequests: AsyncStream<Void> { front.stopRequests }
  func run() async throws { try await front.run() }
  func drain() async { await front.drain() }
  func announce() {}
}

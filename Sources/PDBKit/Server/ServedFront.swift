// A node in front of an etcd, as the server has it.

import PDBCluster
import PDBCoordinator
import PDBEtcd
import PDBModel
import PDBStorage
import PDBStore
import Raft

extension EtcdFront: ServedStore {
  var measurements: Measurements { Measurements() }

  func add(
    _ address: NodeAddress, invitedBy invitation: Invitation
  ) async throws(PDBError) -> ClusterMember { try await add(address) }
}

/// Keeps a front running; nodes of clusters are turned away.
struct FrontNode: NodeCore {
  let front: EtcdFront
  let peers: NoPeers

  init(_ etcd: EtcdAddress, _ configuration: NodeConfiguration) async throws {
    front = try await EtcdFront(
      etcd, at: configuration.reachableAddress, isInsecure: configuration.servesInsecurely)
    let identity = try await front.identity()
    let secret = configuration.clusterSecret.map { ClusterSecret($0) } ?? .random()
    peers = NoPeers(
      identity: Identity(
        cluster: identity.cluster, node: NodeID(front.id), address: configuration.reachableAddress,
        incarnation: front.id),
      trust: try PeerTrust(secret))
  }

  var store: EtcdFront { front }
  var receiver: any PeerReceiver { peers }
  var stopRequests: AsyncStream<Void> { front.stopRequests }
  func run() async throws { try await front.run() }
  func drain() async { await front.drain() }
  func announce() {}
}

/// Takes no peers: what fronts have in common is in etcd.
struct NoPeers: SilentReceiver {
  let identity: Identity
  let trust: PeerTrust

  func objection(
    to peer: NodeID, incarnation: UInt64, understands: ClusterVersion
  ) async -> PeerRefusal? { .cluster }

  func beginReceiving(_ mark: StateMark) throws -> StateStaging {
    preconditionFailure("no peer is let in")
  }
}

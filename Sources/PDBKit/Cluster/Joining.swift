// How a node without data becomes a member.

package import Logging
import NIOCore
import PDBClient
package import PDBCoordinator
package import PDBModel
package import PDBStorage
import PDBStore
import Raft

/// Asks a cluster to take a node in, once both have proved that they know the same secret; or by an
/// invitation, and then it is told the secret.
package struct Joining: Sendable {
  /// Nodes of the cluster.
  private let members: [NodeAddress]
  private let invitation: Invitation?
  private let token: String?
  private let security: TransportSecurity
  private let logger: Logger

  /// - Returns: `nil` for a node that is not told to join.
  package init?(_ configuration: NodeConfiguration, _ logger: Logger) {
    guard let members = configuration.invitation?.addresses ?? configuration.join.map({ [$0] })
    else { return nil }
    self.members = members
    invitation = configuration.invitation
    token = configuration.token
    security = Self.security(configuration)
    self.logger = logger
  }

  private static func security(_ configuration: NodeConfiguration) -> TransportSecurity {
    var security = TransportSecurity()
    if let invitation = configuration.invitation {
      // Nobody else may read the secret.
      (security.use, security.key) = (.always, invitation.key)
    } else if let authorities = configuration.tlsAuthorities {
      security.authorities = authorities
    } else {
      security.key = configuration.clusterSecret.map { ClusterKey(ClusterSecret($0)).hash }
    }
    if configuration.isInsecure, configuration.invitation == nil { security.use = .never }
    return security
  }

  /// How the members are called in messages.
  private var place: String { members.map(\.description).joined(separator: ",") }

  private func withClient<T>(
    within seconds: Int64, _ body: (ClusterClient) async throws -> T
  ) async throws -> T {
    let client = ClusterClient(
      addresses: members, over: security, timeout: .seconds(seconds), token: token)
    let result: Result<T, any Error>
    do { result = .success(try await body(client)) } catch { result = .failure(error) }
    await client.shutdown()
    return try result.get()
  }

  /// Returns the node's identity from now on, by which the cluster knows it as a learner, and the
  /// cluster's secret.
  ///
  /// - Throws: what the cluster objects, or `unreachable`; then nothing has changed in it.
  func admission(
    of address: NodeAddress, _ source: SecretSource
  ) async throws -> (Identity, ClusterSecret) {
    logger.notice("asking \(place) to be admitted")
    return try await withClient(within: 15) { client in
      if let invitation { return try await admission(of: address, by: invitation, client) }
      let member = members[0]
      let status = try await RemoteNode(member, client, within: .seconds(15)).status()
      let cluster = status.identity.cluster
      guard let secret = try source.secret(of: cluster, at: member) else { throw uninvited }
      try await meet(status, address, secret)
      let added = try await RemoteStore(client).add(address)
      guard let node = NodeID(text: added.id) else { throw strange }
      return (Identity(cluster: cluster, node: node, address: address), secret)
    }
  }

  private func admission(
    of address: NodeAddress, by invitation: Invitation, _ client: ClusterClient
  ) async throws -> (Identity, ClusterSecret) {
    let (id, secret) = try await RemoteStore(client).admit(address, by: invitation.text)
    guard let node = NodeID(text: id), ClusterKey(ClusterSecret(secret)).hash == invitation.key
    else { throw strange }
    return (
      Identity(cluster: invitation.cluster, node: node, address: address), ClusterSecret(secret)
    )
  }

  /// Checks that a node that has data already belongs to the member's cluster: a node that joined
  /// is started again with the words that it joined with, but no word makes it leave a cluster.
  ///
  /// - Throws: `wrong_cluster` if it does not, or if that cannot be told.
  package func confirm(_ contents: LogContents, in directory: String) async throws {
    let known = contents.membership.members.map(\.address)
    guard !members.contains(where: { known.contains($0.description) }) else { return }
    let own = contents.identity
    guard own.cluster != invitation?.cluster else { return }
    let status = try? await withClient(within: 2) { client in
      try await RemoteNode(members[0], client, within: .seconds(2)).status()
    }
    if let status {
      if status.identity.cluster == own.cluster { return }
    } else if own.node != Membership.nodeID(own.address, cluster: own.cluster) {
      // It did join once. Its cluster may have lost that member since.
      return logger.warning("cannot ask \(place) whether it is still of this node's cluster")
    }
    throw PDBError(
      .wrongCluster,
      "'\(directory)' holds node \(own.address.port) of cluster \(own.cluster) already, and "
        + "'\(place)' is no member of it",
      hint: "leave --join out to go on with that cluster; to join the other one, choose another "
        + "--data-dir, or move the node's files away")
  }

  /// Shakes hands with the member as peers do, so that a wrong secret is noticed before the
  /// cluster knows of the new node.
  private func meet(
    _ status: NodeStatus, _ address: NodeAddress, _ secret: ClusterSecret
  ) async throws {
    guard let node = NodeID(text: status.node) else { throw strange }
    let applicant = Applicant(
      identity: Identity(
        cluster: status.identity.cluster, node: .random(in: 1 ... .max), address: address,
        incarnation: .random(in: 1 ... .max)),
      trust: try PeerTrust(secret))
    let peer = Member(
      id: node, address: members[0].description, rank: UInt32(members[0].port), role: .voter)
    do {
      let connection = try await PeerDialer(member: peer, receiver: applicant).connect(
        for: .messages)
      try? await connection.channel.close()
    } catch let failure as PeerDialer.Failure {
      throw objection(failure)
    }
  }

  private var strange: PDBError {
    PDBError(.badAnswer, "'\(place)' did not answer as a pdb node does")
  }

  private var uninvited: PDBError {
    PDBError(
      .unauthorized, "'\(place)' is on another machine, and this node has no secret of its cluster",
      hint:
        "'pdb cluster invite' on a member prints what to join with; or give every node of the cluster "
        + "the same --cluster-secret-file")
  }

  private func objection(_ failure: PeerDialer.Failure) -> PDBError {
    if failure.refusal == .secret {
      return PDBError(
        .unauthorized, "the cluster of '\(place)' has another cluster secret",
        hint: "if it belongs to another user, or was given one: give this node the same "
          + "--cluster-secret-file, or join by 'pdb cluster invite'")
    }
    if failure.speaksNoTLS {
      return PDBError(
        .wrongCluster, "'\(place)' is of version 0.1",
        hint: "upgrade all members of its cluster first")
    }
    return PDBError(.wrongCluster, "'\(place)' does not take this node in: \(failure.reason)")
  }
}

/// A node that is not a member yet.
private struct Applicant: SilentReceiver {
  let identity: Identity
  let trust: PeerTrust

  func beginReceiving(_ mark: StateMark) throws -> StateStaging {
    preconditionFailure("only a peer that connects sends a state")
  }
}

// Where a node has the secret of its cluster from: what it was told; else its files; where those do not
// say, for nodes of one user on one machine, that user's state folder, in which they find each other.

import PDBCoordinator
import PDBModel
import PDBStorage
import Raft

/// Finds the secret of a cluster for one node.
struct SecretSource {
  let directory: DataDirectory
  let configuration: NodeConfiguration

  private var given: ClusterSecret? { configuration.clusterSecret.map(ClusterSecret.init) }

  /// The secret of a cluster that this node is one of the first members of.
  ///
  /// - Throws: `bad_configuration` if the others could not know it.
  func secret(ofNew cluster: String, members: [NodeAddress]) throws -> ClusterSecret {
    if let given { return given }
    if members.allSatisfy(\.isLoopback), let shared = try sharedSecret(of: cluster) {
      return shared
    }
    guard members.count == 1 else { throw unknown }
    return .random()
  }

  /// The secret of the cluster of a node on this machine that belongs to the same user.
  ///
  /// - Returns: `nil` if that cannot be.
  func secret(of cluster: String, at member: NodeAddress) throws -> ClusterSecret? {
    if let given { return given }
    return member.isLoopback ? try sharedSecret(of: cluster) : nil
  }

  /// What a node with files trusts. A node that comes from version 0.1 has no secret in them; what its
  /// peers of that version prove, it accepts as long as the cluster has that version.
  ///
  /// - Throws: `bad_configuration` if it can have none.
  func trust(of contents: LogContents) throws -> PeerTrust {
    if let kept = try directory.secret {
      // Who changes a cluster's secret gives all its nodes the new one.
      return try PeerTrust(given ?? ClusterSecret(kept))
    }
    let members = try contents.membership.members.map { try NodeAddress(parsing: $0.address) }
    let addresses = members.isEmpty ? [configuration.reachableAddress] : members
    let secret = try secret(ofNew: contents.identity.cluster, members: addresses)
    return try PeerTrust(secret, old: oldTrust)
  }

  /// Version 0.1 heard peers without a secret only where nobody else could reach it.
  private var oldTrust: PeerTrust.OldTrust? {
    if let given { return .secret(given) }
    return configuration.token == nil && configuration.address.isLoopback ? .everybody : nil
  }

  /// - Returns: `nil` if the user has no state folder, or it cannot be written.
  private func sharedSecret(of cluster: String) throws -> ClusterSecret? {
    guard let folder = configuration.stateFolder,
      let text = try SecretFile.read(
        inFolder: folder, "secret", "secret of this user's nodes",
        orMake: { ClusterSecret.random().text })
    else { return nil }
    return ClusterSecret(text).secret(ofCluster: cluster)
  }

  private var unknown: PDBError {
    PDBError(
      .badConfiguration,
      "the nodes of this cluster could not tell each other from strangers: they share no secret",
      hint:
        "give every node the same --cluster-secret-file ('openssl rand -hex 32' makes a secret), or "
        + "let all but the first join by 'pdb cluster invite'")
  }
}

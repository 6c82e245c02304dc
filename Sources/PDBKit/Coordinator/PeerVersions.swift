// Which versions of the cluster the members understand: when it may be raised.

package import PDBModel
package import Raft

/// The newest version that each peer understands, as it said last.
package struct PeerVersions: Sendable {
  private var versions: [NodeID: ClusterVersion] = [:]

  package init() {}

  /// A peer said what it understands.
  package mutating func note(_ peer: NodeID, understands version: ClusterVersion) {
    versions[peer] = version
  }

  /// What all members understand; `nil` as long as some have not been met.
  ///
  /// - Parameter own: what this node understands.
  package func common(
    of members: [Member], besides node: NodeID, understanding own: ClusterVersion = .newest,
    by rules: any ReplyRules = SoundReplies()
  ) -> ClusterVersion? {
    let others = members.filter { $0.id != node }
    let met = others.compactMap { versions[$0.id] }
    guard rules.mayRaise(havingMet: met.count, of: others.count) else { return nil }
    return met.reduce(own, min)
  }
}

// Why a node will not talk to a peer: a code on the wire, words for the log.

/// What a `refused` frame says. A stranger learns nothing from it about the node or its cluster.
package enum PeerRefusal: String, Sendable {
  /// The peer speaks another version of the wire.
  case version
  /// The peer does not know the cluster secret.
  case secret
  /// The peer looks for another cluster.
  case cluster
  /// The peer looks for another node.
  case node
  /// The peer was removed from the cluster.
  case removed
  /// The peer had other data when it was met first: it lost its log, and with it its votes.
  case lostData = "lost_data"
  /// The node that refuses has less than the peer knows it confirmed: it takes no part any more.
  case rolledBack = "rolled_back"
  /// This node cannot remember new peers now.
  case diskFull = "disk_full"

  /// What is said of this node itself.
  static let ownRollback = "has less than the peer knows it confirmed"

  /// For the log, with the refused peer as its subject.
  var message: String {
    switch self {
    case .version: "it speaks another version of the wire between nodes"
    case .secret: "the cluster secret is missing or another"
    case .cluster: "it belongs to another cluster"
    case .node: "it looks for another node"
    case .removed: "it was removed from this cluster"
    case .lostData: "it had other data when it was met first: it lost its log"
    case .rolledBack: "it has less than it once confirmed, as if older files had been put back"
    case .diskFull: "new peers cannot be remembered now: the disk does not take it"
    }
  }
}

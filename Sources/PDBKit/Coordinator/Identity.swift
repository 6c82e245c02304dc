// The identity of a node: drawn once, kept for life.

import Crypto
package import PDBModel
package import Raft

/// The identity of a node's data, written when its files are made and checked ever after.
package struct Identity: Equatable, Sendable {
  package let cluster: String
  package let node: NodeID
  /// Where the node was reached when its files were made; while it runs, where it is.
  package var address: NodeAddress
  /// Names the data directory: drawn at random when it is made. A member that lost its data
  /// comes back with another one, and its peers notice (it must not vote again).
  package var incarnation: UInt64

  package init(
    cluster: String, node: NodeID, address: NodeAddress,
    incarnation: UInt64 = .random(in: 1 ... .max)
  ) {
    self.cluster = cluster
    self.node = node
    self.address = address
    self.incarnation = incarnation
  }
}

extension Membership {
  /// The first members of a cluster, known to each of them from the same list of addresses.
  package static func bootstrap(_ addresses: [NodeAddress], cluster: String) -> Membership {
    Membership(
      addresses.map { address in
        Member(
          id: nodeID(address, cluster: cluster), address: address.description,
          rank: UInt32(address.port))
      })
  }

  /// The same for every member that was given the same list, in any order.
  package static func clusterID(_ addresses: [NodeAddress]) -> String {
    let list = addresses.map(\.description).sorted().joined(separator: ",")
    let number = SHA256.hash(data: Bytes(utf8: "pdb cluster \(list)")).first64Bits
    return String(number, radix: 16)
  }

  package static func nodeID(_ address: NodeAddress, cluster: String) -> NodeID {
    SHA256.hash(data: Bytes(utf8: "pdb node \(cluster) \(address)")).first64Bits
  }
}

extension SHA256.Digest {
  package var first64Bits: UInt64 { prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
}

extension NodeID {
  /// Ids as users see them.
  package var text: String { String(self, radix: 16) }

  /// An id as users write it.
  package init?(text: some StringProtocol) { self.init(text, radix: 16) }
}

// Comparing states between nodes: the same log must give the same state everywhere.

package import Raft

/// A node's state at an index, to be compared with its peers'.
package struct StateHash: Equatable, Sendable {
  package let index: Index
  package let hash: UInt64

  package init(index: Index, hash: UInt64) {
    self.index = index
    self.hash = hash
  }
}

/// What this node's state was at recent entries, and what the others said of theirs.
struct StateComparison {
  /// The hash after each of the last entries, oldest first; contiguous.
  private var own: [StateHash] = []
  /// What a peer said of an entry that this node has not applied yet.
  private var waiting: [NodeID: StateHash] = [:]
  /// The last decision on each peer.
  private(set) var differing: Set<NodeID> = []
  /// How far each peer's state has come, as it said last.
  private(set) var appliedIndex: [NodeID: Index] = [:]

  private static let remembered = 8192

  /// Entries were applied here.
  mutating func applied(_ entries: [Applied]) {
    for entry in entries {
      if let last = own.last, entry.index != last.index + 1 { own.removeAll() }
      own.append(StateHash(index: entry.index, hash: entry.hash))
    }
    if own.count > 2 * Self.remembered { own.removeFirst(own.count - Self.remembered) }
    for (peer, hash) in waiting { compare(hash, of: peer) }
  }

  /// A peer tells what its state is at an entry.
  mutating func heard(_ hash: StateHash, from peer: NodeID) {
    appliedIndex[peer] = hash.index
    waiting[peer] = hash
    compare(hash, of: peer)
  }

  private mutating func compare(_ theirs: StateHash, of peer: NodeID) {
    guard let first = own.first, theirs.index <= own.last!.index else { return }
    waiting[peer] = nil
    // Too old to tell.
    guard theirs.index >= first.index else { return }
    if own[Int(theirs.index - first.index)].hash == theirs.hash {
      differing.remove(peer)
    } else {
      differing.insert(peer)
    }
  }

  /// Only members count.
  mutating func keep(_ members: [Member]) {
    let ids = Set(members.map(\.id))
    differing.formIntersection(ids)
    waiting = waiting.filter { ids.contains($0.key) }
    appliedIndex = appliedIndex.filter { ids.contains($0.key) }
  }
}

// Whether a leader still hears a majority.

package import Raft

/// Check-quorum (Thesis §6.2), counted from outside: in the leader's own ticks, by what really
/// arrived.
package struct ContactChecker: Sendable {
  private struct Reign {
    let term: Term
    var ticksSinceHeard: [NodeID: Int] = [:]
    /// Ticks of the reign; what a peer that was never heard counts as.
    var ticks = 0
  }

  private var reigns: [NodeID: Reign] = [:]

  /// The leader's own count begins a tick earlier or later than this one.
  private static let slackTicks = 2

  package init() {}

  package mutating func elected(_ id: NodeID, in term: Term) { reigns[id] = Reign(term: term) }

  mutating func deposed(_ id: NodeID) { reigns[id] = nil }

  /// An answer to AppendEntries arrived.
  package mutating func heard(_ peer: NodeID, by leader: NodeID, term: Term) {
    guard let reign = reigns[leader], reign.term == term else { return }
    reigns[leader]!.ticksSinceHeard[peer] = 0
  }

  /// A member is new: its silence counts from now on.
  mutating func added(_ peer: NodeID, by leader: NodeID) {
    reigns[leader]?.ticksSinceHeard[peer] = 0
  }

  /// A tick after which the node still leads.
  package mutating func ticked(
    _ id: NodeID, membership: Membership, electionTicks: Int
  ) throws {
    guard var reign = reigns[id] else { return }
    reign.ticks += 1
    var (voters, heard) = (0, 0)
    for member in membership.members {
      let ticks = member.id == id ? 0 : (reign.ticksSinceHeard[member.id] ?? reign.ticks - 1) + 1
      reign.ticksSinceHeard[member.id] = ticks
      guard member.role == .voter else { continue }
      voters += 1
      if member.id == id || ticks <= electionTicks + Self.slackTicks { heard += 1 }
    }
    reigns[id] = reign
    if heard <= voters / 2 {
      throw Violation(
        .checkQuorum, "node \(id) still leads and hears \(heard) of \(voters) voters")
    }
  }
}

// What is wrong with this node although it runs.

package import Raft

extension Coordinator {
  mutating func storageFull(_ isFull: Bool) {
    step(.storageFull(isFull))
    if isFull { raise(.diskFull) } else { clear(.diskFull) }
  }

  /// A state that differs from a peer's is told; see ``divergesFromMajority`` for what follows.
  mutating func judgeState() {
    comparison.keep(status.members)
    if comparison.differing.isEmpty { clear(.stateDiffers) } else { raise(.stateDiffers) }
  }

  /// Whether a majority of the members has another state than this node: then it is this
  /// node's that is wrong, and it must not go on.
  package var divergesFromMajority: Bool {
    comparison.differing.count >= 2 && comparison.differing.count >= status.membership.quorum
  }

  /// The members whose states differ from this node's, as far as is known.
  package var differingMembers: [Member] {
    status.members.filter { comparison.differing.contains($0.id) }
  }

  mutating func raise(_ alarm: Alarm, _ news: News? = nil) {
    guard !status.alarms.contains(alarm) else { return }
    status.alarms.append(alarm)
    actions.news.append(news ?? .raised(alarm))
  }

  mutating func clear(_ alarm: Alarm) {
    guard status.alarms.contains(alarm) else { return }
    status.alarms.removeAll { $0 == alarm }
    actions.news.append(.cleared(alarm))
  }
}

// What is wrong with a node although it runs.

/// A trouble that a person should see to. Its name stands in `/status`, in the log, and
/// `/readyz` answers 503 while there is one.
package enum Alarm: String, Sendable, CaseIterable {
  /// The disk is full: no change is taken until there is space.
  case diskFull = "disk_full"
  /// The state differs from that of another node at the same entry.
  case stateDiffers = "state_differs"
  /// Peers remember this member with other data: it lost its own and must not vote.
  case lostData = "lost_data"
  /// This member has less than it once confirmed, as if older files had been put back: it must not
  /// vote.
  case rolledBack = "rolled_back"
  /// A committed entry cannot be applied: the state stopped before it.
  case poisonedEntry = "poisoned_entry"
  /// The peers say that this node was removed from the cluster.
  case removed
}

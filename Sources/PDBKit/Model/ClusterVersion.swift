// What all members of a cluster understand.
//
// A cluster may be upgraded member by member. Meanwhile its members are of different versions, and
// none may do what the oldest does not know. So the version of the cluster is replicated like the data:
// when a leader has met every member, and all of them understand more, it raises the version by an
// operation. What came with a version is used from that operation on, on all nodes alike. A node that
// does not understand the cluster's version is not heard any more.

/// What all members of a cluster understand: the lowest of what each one does. It only grows.
package struct ClusterVersion: Comparable, Hashable, Sendable {
  package let number: UInt64

  package init(number: UInt64) { self.number = number }

  package static func < (left: ClusterVersion, right: ClusterVersion) -> Bool {
    left.number < right.number
  }

  /// Version 0.1.
  package static let first = ClusterVersion(number: 0)

  /// The compared hash is made of fast checksums; a retried request is measured by the revision that its
  /// client knew, not by a clock; the history has the limits of the settings.
  package static let checksums = ClusterVersion(number: 1)

  /// A poisoned entry can be skipped.
  package static let skips = ClusterVersion(number: 2)

  /// Revisions can have tags, and keys can be taken back to a revision.
  package static let tags = ClusterVersion(number: 3)

  /// Several operations can be one change.
  package static let transactions = ClusterVersion(number: 4)

  /// Keys can cease to be.
  package static let leases = ClusterVersion(number: 5)

  /// Tasks have dates, priorities, tags, projects and notes.
  package static let taskFields = ClusterVersion(number: 6)

  /// What this program understands.
  package static let newest = taskFields

  /// The cluster has a version that this program does not know.
  package struct NotUnderstood: Error {
    package let version: ClusterVersion
  }
}

// The decisions that keep what is promised of the data: the rule book of the state machine, as
// Raft's `Rules` is that of the node. Production knows only the defaults.

/// What the state machine asks before it changes anything. A rule decides from its arguments alone.
package protocol StateRules: Sendable {
  // Requests

  /// How many entries of the log the answers to requests are remembered for.
  var rememberedEntries: UInt64 { get }

  /// Whether a repeated request that is not remembered may have been applied, and forgotten since: its
  /// client knew `known` when it first sent it, and answers as of revisions below `forgotten` may be gone.
  func isTooOld(_ known: UInt64, forgotten: UInt64) -> Bool

  // Versions

  /// What this program understands.
  var newestVersion: ClusterVersion { get }

  /// Whether an operation may be applied in a cluster: only once all members understand it.
  func mayUse(_ needed: ClusterVersion, at version: ClusterVersion) -> Bool

  // History

  /// What the age of a revision is counted from: the time in the stamp, which is the same on all
  /// nodes, and never a clock.
  func forgettingTime(of stamp: Timestamp?) -> Timestamp?

  /// Whether the oldest revision must go, where so much of the history is kept.
  func mustForget(kept: UInt64, limit: UInt64) -> Bool

  /// The first version that stays of a key that a forgotten revision changed: the one that this
  /// revision made. It may be the present one, and revisions that are kept may have replaced it.
  func firstKept(afterForgetting number: UInt64) -> UInt64

  /// Whether a key has ceased to be: at its deadline, and never before.
  func isDue(_ deadline: UInt64, at now: UInt64) -> Bool

  /// The revisions whose state is kept, however old they are: those that have tags.
  func held(_ tags: [UInt64]) -> [UInt64]

  // Changes

  /// Whether a revision is undone: never over what others have changed since.
  func mayUndo(over conflicts: Int) -> Bool

  /// Whether what an operation has drafted is written: all of it, or nothing where it was refused.
  func mayWrite(isRefused: Bool) -> Bool
}

/// The rules of production.
package struct SoundState: StateRules {
  package init() {}
}

extension StateRules {
  package var rememberedEntries: UInt64 { Limits.rememberedRequests }

  package func isTooOld(_ known: UInt64, forgotten: UInt64) -> Bool { known < forgotten }

  package var newestVersion: ClusterVersion { .newest }

  package func mayUse(_ needed: ClusterVersion, at version: ClusterVersion) -> Bool {
    needed <= version
  }

  package func forgettingTime(of stamp: Timestamp?) -> Timestamp? { stamp }

  package func mustForget(kept: UInt64, limit: UInt64) -> Bool { kept > limit }

  package func firstKept(afterForgetting number: UInt64) -> UInt64 { number }

  package func isDue(_ deadline: UInt64, at now: UInt64) -> Bool { deadline <= now }

  package func held(_ tags: [UInt64]) -> [UInt64] { tags }

  package func mayUndo(over conflicts: Int) -> Bool { conflicts == 0 }

  package func mayWrite(isRefused: Bool) -> Bool { !isRefused }
}

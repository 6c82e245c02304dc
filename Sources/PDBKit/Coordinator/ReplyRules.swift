// The decisions that keep what is promised to clients: the rule book of the coordinator, as
// Raft's `Rules` is that of the node. Production knows only the defaults.

package import PDBModel
package import Raft

/// What the coordinator asks before it answers. A rule decides from its arguments alone.
package protocol ReplyRules: Sendable {
  /// Whether a state may serve a read: it must have applied the index that a leader confirmed
  /// (Thesis §6.4).
  func mayServe(_ readIndex: Index, appliedIndex: Index) -> Bool

  /// Whether a read may share a round that was asked for before it came: never, for a change may
  /// have been acknowledged in between.
  var readsJoinRunningRound: Bool { get }

  /// What is known of a proposal whose node leads no longer: nothing. It may be in another log.
  var outcomeWhenAbandoned: PDBError.Outcome { get }

  /// Whether reads are asked for again, and given up in the end: messages get lost.
  var looksAfterReads: Bool { get }

  /// Whether the cluster's version may be raised to what the members understand that were met: only
  /// when all of them were.
  func mayRaise(havingMet met: Int, of members: Int) -> Bool

  /// Whether a decision to skip an entry is about this one: about no other index, and no other term.
  func skips(_ decision: LogPosition, _ entry: LogPosition) -> Bool

  /// Whether an entry that cannot be applied is passed over without a decision: never, for others may
  /// have applied it.
  var skipsUndecided: Bool { get }

  /// The lease time, where so many milliseconds of it were counted: no more.
  func leaseTime(_ counted: UInt64) -> UInt64

  /// Whether a node's clock of the lease time is not set by what the state records: only a leader's that
  /// has applied what leaders before it recorded.
  func goesByOwnClock(isLeader: Bool, hasAppliedItsTerm: Bool) -> Bool

  /// Whether a message leaves now. Only a commit notice may wait, and not when the node is urged.
  func mustPass(notice isNotice: Bool, isUrgent: Bool) -> Bool
}

/// The rules of production.
package struct SoundReplies: ReplyRules {
  package init() {}
}

extension ReplyRules {
  package func mayServe(_ readIndex: Index, appliedIndex: Index) -> Bool {
    readIndex <= appliedIndex
  }

  package var readsJoinRunningRound: Bool { false }

  package var outcomeWhenAbandoned: PDBError.Outcome { .unknown }

  package var looksAfterReads: Bool { true }

  package func mayRaise(havingMet met: Int, of members: Int) -> Bool { met == members }

  package func skips(_ decision: LogPosition, _ entry: LogPosition) -> Bool { decision == entry }

  package var skipsUndecided: Bool { false }

  package func leaseTime(_ counted: UInt64) -> UInt64 { counted }

  package func goesByOwnClock(isLeader: Bool, hasAppliedItsTerm: Bool) -> Bool {
    isLeader && hasAppliedItsTerm
  }

  package func mustPass(notice isNotice: Bool, isUrgent: Bool) -> Bool { !isNotice || isUrgent }
}

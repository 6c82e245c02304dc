// What must happen now and then, so that the promises are put to the test.

/// A situation that is known to have broken an implementation of consensus. A generator under which one
/// of them never happens is blind.
package enum Situation: String, CaseIterable, Sendable {
  // Elections
  case splitVote = "split vote"
  case duplicateVoteReply = "a vote arrives twice"
  case preVoteRefused = "pre-vote refused: the leader is heard"
  case hastyPreVote = "hasty pre-vote after a connection reset"
  case checkQuorumStepDown = "leader without a quorum steps down"
  case staleLeaderTold = "a deposed leader is told"
  case staleCandidateRefused = "vote refused: the candidate's log is behind"
  case electionEvenMembership = "election among an even number of voters"
  case clusterOfOne = "a cluster of one commits"
  // Log and commit
  case conflictTruncation = "conflict of two or more entries"
  case oldTermCommitted = "entries of older terms commit with a newer one"
  case lateAppend = "an old AppendEntries arrives late"
  case busyRefusal = "proposal refused: too much uncommitted"
  // Reads
  case followerRead = "a follower serves a read"
  case readAnsweredAfterStepDown = "read index answered after the term ended"
  case readRoundConfirmedLate = "a reply to an older read round"
  case readFailed = "a read fails for lack of a leader"
  // Crashes and disks
  case crashBetweenPersistAndSend = "leader crashes between persist and send"
  case crashBetweenDurableAndReport = "crash between durable and reported"
  case tornTail = "un-synced batches are lost"
  case replayAfterPowerCut = "the log is replayed after a power cut"
  case wholeClusterDown = "all nodes are down at once"
  case slowDisk = "a slow disk"
  case paused = "a paused leader"
  case storageFull = "a disk fills up"
  case storageFullHandOver = "leader with a full disk hands over"
  // Partitions
  case isolation = "a node is isolated"
  case halves = "a partition in halves"
  case bridge = "a bridge partition"
  case ring = "a ring partition"
  case oneWay = "a one-way partition"
  case desertion = "a leader is deserted by all"
  // Snapshots
  case compaction = "the log is compacted"
  case compactionWhileLagging = "compaction beyond a lagging follower"
  case snapshotSent = "snapshot sent"
  case snapshotInstalled = "snapshot installed"
  case snapshotOverConflict = "snapshot over a conflicting suffix"
  case snapshotHeld = "snapshot of what the log already holds"
  case oldSnapshotIgnored = "an old snapshot is ignored"
  case secondSnapshot = "a second snapshot while the first is under way"
  case snapshotSenderDied = "the sender of a snapshot dies"
  case snapshotReceiverDied = "the receiver of a snapshot dies"
  case crashBeforeReplacement = "crash between log reset and state replacement"
  // Membership
  case learnerPromoted = "a learner is promoted"
  case learnerSnapshot = "a learner is brought up by a snapshot"
  case memberRemoved = "a member is removed"
  case leaderRemovedItself = "a leader removes itself"
  case deadMemberReplaced = "a dead member is removed by force"
  case removedNodeAsks = "a removed node asks for votes"
  case changeUnderWay = "change refused: another is under way"
  case changeLosesQuorum = "change refused: it would lose the quorum"
  case membershipTruncated = "an uncommitted change is truncated"
  // Transfer
  case transferSucceeded = "leadership is transferred"
  case transferTimedOut = "a transfer times out"
  case transferToDead = "a transfer to a dead node"
  case transferRefusal = "proposal refused: transfer under way"
  // Older files
  case rolledBack = "a node's files are put back to an older copy"
  case rollbackNoticed = "a node that was rolled back is found out"
  // Entries that cannot be applied
  case poisonProposed = "something is proposed that no member can apply"
  case stoppedByPoison = "a state stops before a poisoned entry"
  case entrySkipped = "the administrator skips a poisoned entry"
  // Clients
  case retryRemembered = "a retry is answered from memory"
  case duplicateProposal = "two leaders propose the same request"
  case unknownButApplied = "an unknown outcome turns out applied"
  case conditionFailed = "a condition fails"
  case clockJump = "a wall clock jumps"
  case retryExpired = "a retry is too old to be judged"
  case undoRefused = "undo refused: a key changed since"
  case undoForgotten = "undo refused: the revision was forgotten"
  case importRefused = "an import is refused half-way"
  case versionRaised = "the cluster's version is raised"
  // Real storage
  case tornRealTail = "a frame of a real log is lost half-written"
  case olderRealState = "a real state comes back older"
  case realDiskFull = "a real log meets a full disk"
  case realStateFull = "a real state meets a full disk"
  case flipNoticed = "a bit that turned over is noticed"
  case flipHarmless = "a bit that turned over does no harm"
  case lyingSyncNoticed = "the loss after lying syncs is noticed"
  case lyingSyncHarmless = "after lying syncs an older state is whole"
}

/// How often each situation happened.
package struct Situations: Sendable {
  private var counts = [Int](repeating: 0, count: Situation.allCases.count)

  private static let positions: [Situation: Int] = Dictionary(
    uniqueKeysWithValues: Situation.allCases.enumerated().map { ($1, $0) })

  package init() {}

  package subscript(situation: Situation) -> Int { counts[Self.positions[situation]!] }

  mutating func note(_ situation: Situation) { counts[Self.positions[situation]!] += 1 }

  package mutating func add(_ other: Situations) {
    for position in counts.indices { counts[position] += other.counts[position] }
  }

  /// Numbers separated by spaces, for another process to read.
  package var encoded: String { counts.map(String.init).joined(separator: " ") }

  package init?(encoded: String) {
    let numbers = encoded.split(separator: " ").compactMap { Int($0) }
    guard numbers.count == counts.count else { return nil }
    counts = numbers
  }

  package var unseen: [Situation] { Situation.allCases.filter { self[$0] == 0 } }
}

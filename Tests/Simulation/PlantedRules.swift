// The rules of a node with a bug in it.

import PDBCoordinator
import PDBModel
import Raft

/// The rules of production but for one.
struct PlantedRules: Rules, ReplyRules, StateRules {
  let bug: PlantedBug?
  /// Whose rules they are.
  var node: NodeID = 0
  var rememberedEntries = Limits.rememberedRequests
  var newestVersion = ClusterVersion.newest

  // MARK: Durability

  func maySend(whenDurable isDurable: Bool) -> Bool { isDurable || bug == .sendsBeforeDurable }

  func stored(_ state: HardState) -> HardState {
    bug == .vanishingVote ? HardState(term: state.term) : PaperRules().stored(state)
  }

  func durableIndex(_ durableIndex: Index, afterReplacing first: Index) -> Index {
    bug == .confirmsOverwritten ? durableIndex : min(durableIndex, first - 1)
  }

  func lastApplicable(commitIndex: Index, durableIndex: Index) -> Index {
    bug == .appliesUndurable ? commitIndex : min(commitIndex, durableIndex)
  }

  func ownMatchIndex(durableIndex: Index, lastIndex: Index) -> Index {
    bug == .countsOwnUndurable ? lastIndex : durableIndex
  }

  // MARK: Elections

  func mayVote(for candidate: NodeID, having vote: NodeID?) -> Bool {
    bug == .votesTwice || PaperRules().mayVote(for: candidate, having: vote)
  }

  func mayLead(isUpToDate: Bool) -> Bool {
    bug == .votesForStaleLog || PaperRules().mayLead(isUpToDate: isUpToDate)
  }

  func votes(
    counting voter: NodeID, among voters: [NodeID], having votes: [NodeID: Bool]
  ) -> NodeID? {
    if votes[voter] == nil { return voter }
    guard bug == .countsVotesTwice else { return nil }
    return votes[voter] == true ? voters.first { votes[$0] == nil } ?? voter : voter
  }

  func countsOwnVote(whenDurable isDurable: Bool) -> Bool { isDurable || bug == .hastyOwnVote }

  func term(_ term: Term, afterPreVoteFor asked: Term) -> Term {
    bug == .preVoteMovesTerm ? asked : term
  }

  func staysLeader(hearingQuorum isQuorum: Bool) -> Bool {
    bug == .noCheckQuorum || PaperRules().staysLeader(hearingQuorum: isQuorum)
  }

  // MARK: Replication

  func isStale(_ term: Term, at current: Term) -> Bool {
    term < current && bug != .hearsOldLeader
  }

  func cut(after validated: Index, lastIndex: Index, commitIndex: Index) -> Index? {
    guard bug == .truncatesAlways, validated < lastIndex, validated >= commitIndex else {
      return nil
    }
    return validated + 1
  }

  func lastCommittable(validated: Index, lastIndex: Index) -> Index {
    bug == .commitsBeyondValidated ? lastIndex : validated
  }

  func acknowledgement(
    validated: Index, durableIndex: Index, isHeartbeat: Bool
  ) -> Acknowledgement {
    switch bug {
    case .matchesBeyondProof: .now(durableIndex)
    case .acknowledgesUndurable: .now(validated)
    default:
      PaperRules().acknowledgement(
        validated: validated, durableIndex: durableIndex, isHeartbeat: isHeartbeat)
    }
  }

  func mayCommit(_ term: Term?, at current: Term) -> Bool {
    bug == .commitsOldTerm || PaperRules().mayCommit(term, at: current)
  }

  func hasRoom(for bytes: Int, beside waiting: Int, limit: Int) -> Bool {
    waiting == 0 || waiting + bytes <= limit || bug == .unboundedUncommitted
  }

  // MARK: Reads

  func mayRead(commitTerm: Term?, at current: Term) -> Bool {
    commitTerm == current || bug == .readsBeforeOwnCommit
  }

  func isConfirmed(_ confirmed: UInt64, round: UInt64) -> Bool {
    bug == .readsWithoutRound || PaperRules().isConfirmed(confirmed, round: round)
  }

  func confirmedRound(_ known: UInt64, replying round: UInt64, newest: UInt64) -> UInt64 {
    bug == .confirmsAnyRound ? newest : max(known, round)
  }

  var confirmsReadsAfterChange: Bool { bug != .forgetsReadsOnRemoval }

  // MARK: Snapshots

  func lastCompactable(excess: Index, durableState: Index) -> Index {
    bug == .compactsUndurable ? excess : min(excess, durableState)
  }

  func wantsDurableState(compactable: Index, mark: Index) -> Bool {
    compactable > mark || bug == .asksWithoutEnd
  }

  var remembersDurableState: Bool { bug != .forgetsDurableState }

  func isOld(_ snapshot: Index, commitIndex: Index) -> Bool {
    snapshot <= commitIndex && bug != .oldSnapshotOverwrites
  }

  func holds(_ snapshot: Term, having term: Term?) -> Bool {
    bug == .snapshotKeepsConflict ? term != nil : term == snapshot
  }

  func members(of snapshot: Membership, having known: Membership) -> Membership {
    bug == .snapshotWithoutMembers ? known : snapshot
  }

  var retriesSnapshots: Bool { bug != .snapshotLimbo }

  // MARK: Membership

  func electorate(_ membership: Membership) -> Membership {
    guard bug == .learnersCount else { return membership }
    return Membership(
      membership.members.map {
        Member(id: $0.id, address: $0.address, rank: $0.rank, role: .voter)
      }, removed: membership.removed)
  }

  func mayAsk(isRemoved: Bool) -> Bool { !isRemoved || bug == .hearsRemoved }

  func mayReply(isMember: Bool) -> Bool { isMember || bug == .hearsRemoved }

  func mayChange(isLastCommitted: Bool, isOwnTermCommitted: Bool) -> Bool {
    (isLastCommitted || bug == .concurrentChanges) && (isOwnTermCommitted || bug == .hastyChange)
  }

  func mayPromote(whenCaughtUp hasCaughtUp: Bool) -> Bool { hasCaughtUp || bug == .hastyPromotion }

  var removedLeaderStepsDown: Bool { bug != .removedLeaderStays }

  var removedMayStand: Bool { bug != .removedStandsNoMore }

  func settled(
    newest: Membership, isCommitted: Bool, previous: Membership, known: Membership
  ) -> Membership {
    switch bug {
    case .believesUncommitted: newest
    case .settledByCommitIndex: known
    default: isCommitted ? newest : previous
    }
  }

  var truncationUndoesChange: Bool { bug != .membersNotRolledBack }

  func goesOnTransferring(ticks: Int, limit: Int, isTargetVoter: Bool) -> Bool {
    ticks < limit && isTargetVoter || bug == .endlessTransfer
  }

  // MARK: Peers that forget or lie

  func mayTakePart(vouchedBy count: Int, needed: Int) -> Bool {
    count >= needed || bug == .takesPartUnvouched
  }

  func isRolledBack(_ reach: Reach, confirmed: Reach?) -> Bool {
    if bug == .comparesLengthOnly { return confirmed.map { reach.index < $0.index } ?? false }
    return PaperRules().isRolledBack(reach, confirmed: confirmed)
  }

  func stored(_ confirmed: [NodeID: Reach]) -> [NodeID: Reach] {
    bug == .forgetsConfirmed ? [:] : confirmed
  }

  // MARK: Replies

  func mayServe(_ readIndex: Index, appliedIndex: Index) -> Bool {
    readIndex <= appliedIndex || bug == .readsBeforeApply
  }

  var readsJoinRunningRound: Bool { bug == .joinsRunningRound }

  var outcomeWhenAbandoned: PDBError.Outcome {
    bug == .promisesTooMuch ? .notApplied : .unknown
  }

  var looksAfterReads: Bool { bug != .forgetsLostReads }

  func mayRaise(havingMet met: Int, of members: Int) -> Bool {
    met == members || bug == .raisesUnmet
  }

  func mustPass(notice isNotice: Bool, isUrgent: Bool) -> Bool {
    bug == .holdsNotices ? !isNotice : !isNotice || isUrgent
  }

  func skips(_ decision: LogPosition, _ entry: LogPosition) -> Bool {
    switch bug {
    case .ignoresDecision: false
    case .skipsNext: decision == entry || decision.index + 1 == entry.index
    default: decision == entry
    }
  }

  var skipsUndecided: Bool { bug == .skipsUndecided }

  // MARK: The state

  func isTooOld(_ known: UInt64, forgotten: UInt64) -> Bool {
    known < forgotten && bug != .appliesExpired
  }

  func mayUse(_ needed: ClusterVersion, at version: ClusterVersion) -> Bool {
    needed <= version || bug == .usesVersionEarly
  }

  func forgettingTime(of stamp: Timestamp?) -> Timestamp? {
    guard bug == .forgetsByOwnClock, let stamp else { return stamp }
    // Some other time for each node.
    return Timestamp(milliseconds: stamp.milliseconds + 700 * Int64(node))
  }

  func mustForget(kept: UInt64, limit: UInt64) -> Bool {
    kept > limit || bug == .forgetsOneTooMany && kept == limit
  }

  func firstKept(afterForgetting number: UInt64) -> UInt64 {
    bug == .forgetsPresent ? number + 1 : number
  }

  func isDue(_ deadline: UInt64, at now: UInt64) -> Bool {
    deadline <= now || bug == .endsEarly && deadline <= now + 200
  }

  func leaseTime(_ counted: UInt64) -> UInt64 {
    bug == .countsTooFast ? counted + counted / 2 : counted
  }

  func goesByOwnClock(isLeader: Bool, hasAppliedItsTerm: Bool) -> Bool {
    isLeader && hasAppliedItsTerm || bug == .neverSetsClock
  }

  func held(_ tags: [UInt64]) -> [UInt64] {
    bug == .forgetsTagged ? [] : tags
  }

  func mayUndo(over conflicts: Int) -> Bool {
    conflicts == 0 || bug == .undoesOverChanges
  }

  func mayWrite(isRefused: Bool) -> Bool { !isRefused || bug == .writesRefused }
}

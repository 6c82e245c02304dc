// Bugs on purpose, to prove that the simulator finds them (`make mutants`): each breaks one rule.

/// One rule, broken. The comments say how.
package enum PlantedBug: String, CaseIterable, Sendable {
  // Elections and terms
  /// Votes and acknowledgements leave before term and vote are durable.
  case sendsBeforeDurable
  /// A vote is not remembered across a restart.
  case vanishingVote
  /// A node votes for every candidate of a term.
  case votesTwice
  /// A pre-vote moves the voter to the new term.
  case preVoteMovesTerm
  /// The candidate's log does not matter.
  case votesForStaleLog
  /// Granted votes are counted by message, not by voter.
  case countsVotesTwice
  /// The candidate counts its own vote before it is durable.
  case hastyOwnVote
  /// A leader without a quorum stays.
  case noCheckQuorum
  /// Members that were removed are heard.
  case hearsRemoved
  // Log and commit
  /// Entries of older terms are committed by counting (Figure 8).
  case commitsOldTerm
  /// Every AppendEntries cuts the log after it.
  case truncatesAlways
  /// A follower believes the leader's commit index beyond what the message validated.
  case commitsBeyondValidated
  /// A follower acknowledges all of its log, not what the message proved.
  case matchesBeyondProof
  /// The confirmation of an overwritten entry counts for the one in its place.
  case confirmsOverwritten
  /// AppendEntries of an older term is taken.
  case hearsOldLeader
  /// The uncommitted log has no bound.
  case unboundedUncommitted
  // Reads
  /// Reads are served before an entry of the leader's term is committed.
  case readsBeforeOwnCommit
  /// Reads are served without a round.
  case readsWithoutRound
  /// A reply to an older round confirms the newest.
  case confirmsAnyRound
  // Apply and disk
  /// The leader counts its own copy before it is durable.
  case countsOwnUndurable
  /// A follower acknowledges entries before they are durable.
  case acknowledgesUndurable
  /// Committed entries are applied before they are durable here.
  case appliesUndurable
  /// A repeated request is applied again.
  case forgetsRequests
  // Snapshots
  /// An old snapshot overwrites a newer state.
  case oldSnapshotOverwrites
  /// A snapshot that conflicts with the log leaves the log as it is.
  case snapshotKeepsConflict
  /// The log is compacted up to what is applied, durable or not.
  case compactsUndurable
  /// A node that receives a snapshot keeps the members it knew.
  case snapshotWithoutMembers
  /// A snapshot that could not be sent is never tried again.
  case snapshotLimbo
  // Membership
  /// Two changes of membership at once.
  case concurrentChanges
  /// A change before an entry of the leader's own term is committed.
  case hastyChange
  /// Learners count towards quorums.
  case learnersCount
  /// A learner is promoted before it has caught up.
  case hastyPromotion
  /// A leader that was removed stays.
  case removedLeaderStays
  /// Truncating a change of membership does not undo it.
  case membersNotRolledBack
  /// A failed transfer of leadership is never given up.
  case endlessTransfer

  // Bugs that pdb had once
  /// A round of reads is not looked at again when the last peer that could confirm it was removed.
  case forgetsReadsOnRemoval
  /// A removal is believed before it is committed: the leader that it removes is ignored.
  case believesUncommitted
  /// A voter stands no more as soon as its removal is in its log.
  case removedStandsNoMore
  /// After a restart only the commit index tells which members are certain.
  case settledByCommitIndex
  /// A log that cannot be compacted asks for a durable state without end.
  case asksWithoutEnd
  /// A durable state is asked for although a newer one would not help more than the one that is known.
  case forgetsDurableState

  // Requests and their answers
  /// A read is served as soon as it has its index, whatever is applied.
  case readsBeforeApply
  /// A read joins a round that was asked for before it came.
  case joinsRunningRound
  /// A leader that steps down says that what it proposed is not applied.
  case promisesTooMuch
  /// Read ids begin anew in every life.
  case recyclesReadIDs
  /// A read whose index does not come is neither asked for again nor given up.
  case forgetsLostReads
  /// Commit notices wait for entries that never come.
  case holdsNotices

  // What is remembered and forgotten
  /// A retry is applied though its request may have been forgotten.
  case appliesExpired
  /// The history is cut one revision, or byte, too early.
  case forgetsOneTooMany
  /// Every node counts the age of revisions by a clock of its own.
  case forgetsByOwnClock
  /// With a revision the versions go that it made.
  case forgetsPresent
  /// What a tag holds is forgotten like everything else.
  case forgetsTagged
  /// A revision is undone whatever has changed since.
  case undoesOverChanges
  /// An operation that is refused half-way leaves what it had drafted.
  case writesRefused

  /// A key ceases to be before its time.
  case endsEarly
  /// The lease time runs faster than the leader's clock.
  case countsTooFast
  /// A follower's clock of the lease time is never set by what is recorded.
  case neverSetsClock

  // Members that forget
  /// A node that came back takes part before anybody has looked at what it has.
  case takesPartUnvouched
  /// What members have confirmed is not written, so that a restart forgets it.
  case forgetsConfirmed
  /// A log that is as long as what was confirmed counts as whole, whatever the term.
  case comparesLengthOnly

  // Versions of the cluster
  /// Members that were never met do not count when the cluster's version is raised.
  case raisesUnmet
  /// What came with a version is used before the version is raised.
  case usesVersionEarly

  // Entries that cannot be applied
  /// A member passes over a poisoned entry that nobody has decided to skip.
  case skipsUndecided
  /// A decision skips the entry behind, too.
  case skipsNext
  /// The decision is not looked for behind the poisoned entry.
  case ignoresDecision

  // What only real storage shows
  /// The log is not synced before batches are reported.
  case syncsNoLog
  /// A damaged frame is taken for the end of the log, though the log's end was noted behind it.
  case ignoresLogEnd
  /// The state's journal is not synced before the state is reported to be durable.
  case syncsNoState
}

extension PlantedBug {
  /// A seed that finds the bug, in this generator, for bugs that few seeds find. A change of what seeds
  /// mean needs new ones: `pdb-sim mutants --bug NAME --max-seeds 20000`.
  package var keptSeed: UInt64? {
    switch self {
    case .forgetsReadsOnRemoval: 414
    case .believesUncommitted: 414
    case .removedStandsNoMore: 96
    case .settledByCommitIndex: 3706
    case .asksWithoutEnd: 3
    case .snapshotKeepsConflict: 635
    case .confirmsAnyRound: 484
    case .recyclesReadIDs: 318
    case .raisesUnmet: 612
    case .snapshotLimbo: 142
    case .forgetsConfirmed: 492
    default: nil
    }
  }
}

// Bugs on purpose, to prove that the simulator finds them (`make mutants`): each breaks one rule.

/// One rule, broken. ``meaning`` says how.
package enum PlantedBug: String, CaseIterable, Sendable {
  // Elections and terms
  case sendsBeforeDurable
  case vanishingVote
  case votesTwice
  case preVoteMovesTerm
  case votesForStaleLog
  case countsVotesTwice
  case hastyOwnVote
  case noCheckQuorum
  case hearsRemoved
  // Log and commit
  case commitsOldTerm
  case truncatesAlways
  case commitsBeyondValidated
  case matchesBeyondProof
  case confirmsOverwritten
  case hearsOldLeader
  case unboundedUncommitted
  // Reads
  case readsBeforeOwnCommit
  case readsWithoutRound
  case confirmsAnyRound
  // Apply and disk
  case countsOwnUndurable
  case acknowledgesUndurable
  case appliesUndurable
  case forgetsRequests
  // Snapshots
  case oldSnapshotOverwrites
  case snapshotKeepsConflict
  case compactsUndurable
  case snapshotWithoutMembers
  case snapshotLimbo
  // Membership
  case concurrentChanges
  case hastyChange
  case learnersCount
  case hastyPromotion
  case removedLeaderStays
  case membersNotRolledBack
  case endlessTransfer

  // Bugs that pdb had once
  case forgetsReadsOnRemoval
  case believesUncommitted
  case removedStandsNoMore
  case settledByCommitIndex
  case asksWithoutEnd
  case forgetsDurableState

  // Requests and their answers
  case readsBeforeApply
  case joinsRunningRound
  case promisesTooMuch
  case recyclesReadIDs
  case forgetsLostReads
  case holdsNotices

  // What is remembered and forgotten
  case appliesExpired
  case forgetsOneTooMany
  case forgetsByOwnClock
  case forgetsPresent
  case forgetsTagged
  case undoesOverChanges
  case writesRefused

  case endsEarly
  case countsTooFast
  case neverSetsClock

  // Members that forget
  case takesPartUnvouched
  case forgetsConfirmed
  case comparesLengthOnly

  // Versions of the cluster
  case raisesUnmet
  case usesVersionEarly

  // Entries that cannot be applied
  case skipsUndecided
  case skipsNext
  case ignoresDecision

  // What only real storage shows
  case syncsNoLog
  case ignoresLogEnd
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

// What each planted bug does, for those who choose one.

extension PlantedBug {
  /// What a node with the bug does, in one sentence without its full stop.
  package var meaning: String {
    switch self {
    case .sendsBeforeDurable: "Votes and acknowledgements leave before term and vote are durable"
    case .vanishingVote: "A vote is not remembered across a restart"
    case .votesTwice: "A node votes for every candidate of a term"
    case .preVoteMovesTerm: "A pre-vote moves the voter to the new term"
    case .votesForStaleLog: "The candidate's log does not matter"
    case .countsVotesTwice: "Granted votes are counted by message, not by voter"
    case .hastyOwnVote: "The candidate counts its own vote before it is durable"
    case .noCheckQuorum: "A leader without a quorum stays"
    case .hearsRemoved: "Members that were removed are heard"
    case .commitsOldTerm: "Entries of older terms are committed by counting (Figure 8)"
    case .truncatesAlways: "Every AppendEntries cuts the log after it"
    case .commitsBeyondValidated:
      "A follower believes the leader's commit index beyond what the message validated"
    case .matchesBeyondProof: "A follower acknowledges all of its log, not what the message proved"
    case .confirmsOverwritten:
      "The confirmation of an overwritten entry counts for the one in its place"
    case .hearsOldLeader: "AppendEntries of an older term is taken"
    case .unboundedUncommitted: "The uncommitted log has no bound"
    case .readsBeforeOwnCommit: "Reads are served before an entry of the leader's term is committed"
    case .readsWithoutRound: "Reads are served without a round"
    case .confirmsAnyRound: "A reply to an older round confirms the newest"
    case .countsOwnUndurable: "The leader counts its own copy before it is durable"
    case .acknowledgesUndurable: "A follower acknowledges entries before they are durable"
    case .appliesUndurable: "Committed entries are applied before they are durable here"
    case .forgetsRequests: "A repeated request is applied again"
    case .oldSnapshotOverwrites: "An old snapshot overwrites a newer state"
    case .snapshotKeepsConflict: "A snapshot that conflicts with the log leaves the log as it is"
    case .compactsUndurable: "The log is compacted up to what is applied, durable or not"
    case .snapshotWithoutMembers: "A node that receives a snapshot keeps the members it knew"
    case .snapshotLimbo: "A snapshot that could not be sent is never tried again"
    case .concurrentChanges: "Two changes of membership at once"
    case .hastyChange: "A change before an entry of the leader's own term is committed"
    case .learnersCount: "Learners count towards quorums"
    case .hastyPromotion: "A learner is promoted before it has caught up"
    case .removedLeaderStays: "A leader that was removed stays"
    case .membersNotRolledBack: "Truncating a change of membership does not undo it"
    case .endlessTransfer: "A failed transfer of leadership is never given up"
    case .forgetsReadsOnRemoval:
      "A round of reads is not looked at again when the last peer that could confirm it was removed"
    case .believesUncommitted:
      "A removal is believed before it is committed: the leader that it removes is ignored"
    case .removedStandsNoMore: "A voter stands no more as soon as its removal is in its log"
    case .settledByCommitIndex:
      "After a restart only the commit index tells which members are certain"
    case .asksWithoutEnd: "A log that cannot be compacted asks for a durable state without end"
    case .forgetsDurableState:
      "A durable state is asked for although a newer one would not help more than the one that is known"
    case .readsBeforeApply: "A read is served as soon as it has its index, whatever is applied"
    case .joinsRunningRound: "A read joins a round that was asked for before it came"
    case .promisesTooMuch: "A leader that steps down says that what it proposed is not applied"
    case .recyclesReadIDs: "Read ids begin anew in every life"
    case .forgetsLostReads:
      "A read whose index does not come is neither asked for again nor given up"
    case .holdsNotices: "Commit notices wait for entries that never come"
    case .appliesExpired: "A retry is applied though its request may have been forgotten"
    case .forgetsOneTooMany: "The history is cut one revision, or byte, too early"
    case .forgetsByOwnClock: "Every node counts the age of revisions by a clock of its own"
    case .forgetsPresent: "With a revision the versions go that it made"
    case .forgetsTagged: "What a tag holds is forgotten like everything else"
    case .undoesOverChanges: "A revision is undone whatever has changed since"
    case .writesRefused: "An operation that is refused half-way leaves what it had drafted"
    case .endsEarly: "A key ceases to be before its time"
    case .countsTooFast: "The lease time runs faster than the leader's clock"
    case .neverSetsClock: "A follower's clock of the lease time is never set by what is recorded"
    case .takesPartUnvouched:
      "A node that came back takes part before anybody has looked at what it has"
    case .forgetsConfirmed:
      "What members have confirmed is not written, so that a restart forgets it"
    case .comparesLengthOnly:
      "A log that is as long as what was confirmed counts as whole, whatever the term"
    case .raisesUnmet:
      "Members that were never met do not count when the cluster's version is raised"
    case .usesVersionEarly: "What came with a version is used before the version is raised"
    case .skipsUndecided: "A member passes over a poisoned entry that nobody has decided to skip"
    case .skipsNext: "A decision skips the entry behind, too"
    case .ignoresDecision: "The decision is not looked for behind the poisoned entry"
    case .syncsNoLog: "The log is not synced before batches are reported"
    case .ignoresLogEnd:
      "A damaged frame is taken for the end of the log, though the log's end was noted behind it"
    case .syncsNoState:
      "The state's journal is not synced before the state is reported to be durable"
    }
  }
}

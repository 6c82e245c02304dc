// Recognising named situations when they happen.

import PDBCoordinator
import PDBModel
import Raft

/// What must be remembered to recognise situations.
struct Witness {
  /// The candidates of the newest terms.
  var candidates: [Term: [NodeID]] = [:]
  /// The newest read round that each leader has sent.
  var rounds: [NodeID: (term: Term, round: UInt64)] = [:]
  /// The last transfer of leadership that was seen under way.
  var transferTarget: NodeID?
  var transferTerm: Term = 0
  /// The term in which each request was proposed last.
  var proposed: [String: Term] = [:]
}

extension Simulation {
  // MARK: Batches, before they reach the log

  func noteSituations(_ batch: Persist, of node: SimulatedNode, _ before: Before) {
    let log = node.log
    if let snapshot = batch.snapshot {
      let known = log.term(at: snapshot.index)
      let suffix = log.lastIndex > before.commitIndex
      if suffix, known == nil ? log.lastIndex > before.commitIndex : known != snapshot.term {
        note(.snapshotOverConflict)
      }
    }
    if let first = batch.entries.first, first.index <= log.lastIndex {
      if log.lastIndex - first.index >= 1 { note(.conflictTruncation) }
      if log.membershipIndex >= first.index { note(.membershipTruncated) }
    }
    if let compaction = batch.compaction {
      note(.compaction)
      let isLagging = node.status.matchIndex.contains { $0.value < compaction.index }
      if node.status.role == .leader, isLagging { note(.compactionWhileLagging) }
    }
    if node.status.role == .leader { noteProposals(batch.entries, term: node.status.term) }
  }

  private func noteProposals(_ entries: [Entry], term: Term) {
    for entry in entries {
      guard case .operation(let bytes) = entry.payload,
        let request = try? StampedOperation(decoding: bytes).stamp.request?.id
      else { continue }
      if let earlier = witness.proposed.updateValue(term, forKey: request), earlier != term {
        note(.duplicateProposal)
      }
    }
  }

  // MARK: Steps

  func noteSituations(
    _ node: SimulatedNode, _ input: Coordinator.Input, _ before: Before,
    _ actions: Coordinator.Actions
  ) {
    let status = node.status
    if status.role == .leader, before.role != .leader { noteElection(node) }
    if before.role == .leader, status.role != .leader {
      if case .tick = input, status.term == before.term { note(.checkQuorumStepDown) }
      let isRemoved = status.membership.removed.contains(node.id)
      if isRemoved, status.term == before.term { note(.leaderRemovedItself) }
    }
    if status.role == .leader, status.commitIndex > before.commitIndex {
      if node.log.term(at: before.commitIndex + 1) ?? status.term < status.term {
        note(.oldTermCommitted)
      }
      if status.membership.members.count == 1 { note(.clusterOfOne) }
    }
    if status.role == .preCandidate, before.role != .preCandidate {
      if node.hasLostLeader, node.ticksSinceLeaderLost < plan.configuration.electionTicks {
        note(.hastyPreVote)
      }
      node.hasLostLeader = false
    }
    if case .storageFull(true) = input, status.transferTarget != nil { note(.storageFullHandOver) }
    noteTransfer(node, input, before)
    noteMessages(actions.send, from: node)
    for batch in actions.persist { noteMembership(batch.entries, of: node, before) }
  }

  private func noteElection(_ node: SimulatedNode) {
    let voters = node.log.membership.members.count { $0.role == .voter }
    if voters % 2 == 0 { note(.electionEvenMembership) }
    if witness.transferTarget == node.id, node.status.term == witness.transferTerm + 1 {
      note(.transferSucceeded)
    }
  }

  private func noteTransfer(
    _ node: SimulatedNode, _ input: Coordinator.Input, _ before: Before
  ) {
    if let target = node.status.transferTarget {
      witness.transferTarget = target
      witness.transferTerm = node.status.term
    }
    if case .tick = input, node.hadTransfer, node.status.transferTarget == nil,
      node.status.role == .leader
    {
      note(.transferTimedOut)
    }
    node.hadTransfer = node.status.transferTarget != nil
  }

  private func noteMembership(_ entries: [Entry], of node: SimulatedNode, _ before: Before) {
    guard node.status.role == .leader else { return }
    for entry in entries {
      guard case .membership(let membership) = entry.payload else { continue }
      if membership.removed.count > before.membership.removed.count { note(.memberRemoved) }
      for member in membership.members where member.role == .voter {
        if before.membership[member.id]?.role == .learner { note(.learnerPromoted) }
      }
    }
  }

  private func noteMessages(_ messages: [Envelope], from node: SimulatedNode) {
    for envelope in messages {
      switch envelope.message {
      case .appendEntries(let message):
        witness.rounds[node.id] = (message.term, message.round)
      case .requestPreVoteReply(let reply) where !reply.voteGranted:
        if node.status.leader != nil { note(.preVoteRefused) }
      case .requestVoteReply(let reply) where !reply.voteGranted:
        if node.durable.hardState.vote == nil { note(.staleCandidateRefused) }
      case .appendEntriesReply(let reply) where reply.outcome == .staleTerm:
        note(.staleLeaderTold)
      case .requestVote, .requestPreVote:
        if checks.replay.machine.mark.membership.removed.contains(node.id) {
          note(.removedNodeAsks)
        }
      default: break
      }
    }
  }

  func noteCandidate(_ id: NodeID, in term: Term) {
    let candidates = witness.candidates[term, default: []]
    guard !candidates.contains(id) else { return }
    witness.candidates[term] = candidates + [id]
    // The term before ended with several candidates and no leader.
    if candidates.isEmpty, checks.elections.leader(of: term - 1) == nil,
      witness.candidates[term - 1, default: []].count > 1
    {
      note(.splitVote)
    }
  }

  // MARK: Answers

  func noteRefusal(_ decision: Decision, of operation: ClientOperation) {
    guard let error = decision.failure, case .write(let change, _, _) = operation.work else {
      return
    }
    switch (change, error.code) {
    case (_, .requestExpired): note(.retryExpired)
    case (.undo(.some), .conflict): note(.undoRefused)
    case (.undo(.some), .revisionNotFound): note(.undoForgotten)
    case (.commitImport, .conflict): note(.importRefused)
    default: break
    }
  }

  // MARK: Arrivals

  func noteArrival(_ envelope: Envelope, isCopy: Bool, at node: SimulatedNode) {
    switch envelope.message {
    case .requestVoteReply(let reply) where reply.voteGranted && isCopy:
      note(.duplicateVoteReply)
    case .readIndexReply(let reply):
      if reply.term != node.status.term { note(.readAnsweredAfterStepDown) }
    case .appendEntriesReply(let reply):
      if let sent = witness.rounds[node.id], sent.term == reply.term, reply.round < sent.round,
        node.status.role == .leader
      {
        note(.readRoundConfirmedLate)
      }
    case .appendEntries(let message):
      let end = message.prevLogIndex + Index(message.entries.count)
      if message.term == node.status.term, !message.entries.isEmpty,
        end < node.status.commitIndex
      {
        note(.lateAppend)
      }
    default: break
    }
  }

  func noteSnapshot(_ mark: SnapshotMark, at node: SimulatedNode) {
    if mark.index <= node.status.commitIndex {
      note(.oldSnapshotIgnored)
    } else if node.log.term(at: mark.index) == mark.term {
      note(.snapshotHeld)
    }
  }

  func noteCrash(_ node: SimulatedNode) {
    let isUnreported = node.durableBatch > node.reportedBatch
    if isUnreported { note(.crashBetweenDurableAndReport) }
  }
}

extension Decision {
  var failure: PDBError? { if case .failure(let error) = self { error } else { nil } }
}

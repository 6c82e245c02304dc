// Which messages may wait: those that only tell a follower how far is committed.

import Raft

/// Holds back commit notices for a moment, because the next entries carry the same news.
///
/// A notice is an `AppendEntries` without entries that differs from what its peer was sent last in
/// nothing but the commit index. Alone it costs a message, its answer and two wake-ups, for every
/// batch. That a message comes late, or never because a later one replaced it, is what Raft expects
/// of networks anyway.
struct CommitNotices {
  /// What each peer was sent last.
  private var sent: [NodeID: (term: Term, round: UInt64)] = [:]
  private var held: [NodeID: Envelope] = [:]

  /// The messages that go out now. A peer that gets any gets its notice first, unless entries
  /// replace it.
  ///
  /// - Parameter isUrgent: whether nothing may wait any longer.
  mutating func pass(
    _ messages: [Envelope], isUrgent: Bool, by rules: any ReplyRules = SoundReplies()
  ) -> [Envelope] {
    guard !messages.isEmpty || (isUrgent && !held.isEmpty) else { return [] }
    var passed: [Envelope] = []
    passed.reserveCapacity(messages.count)
    for envelope in messages {
      let earlier = held.removeValue(forKey: envelope.to)
      guard case .appendEntries(let message) = envelope.message else {
        if let earlier { passed.append(earlier) }
        passed.append(envelope)
        continue
      }
      let last = sent.updateValue((message.term, message.round), forKey: envelope.to)
      let isNotice =
        message.entries.isEmpty && last?.term == message.term && last?.round == message.round
      if rules.mustPass(notice: isNotice, isUrgent: isUrgent) {
        passed.append(envelope)
      } else {
        held[envelope.to] = envelope
      }
    }
    if rules.mustPass(notice: true, isUrgent: isUrgent) {
      // In one order always: the same inputs give the same actions.
      passed += held.sorted { $0.key < $1.key }.map(\.value)
      held = [:]
    }
    return passed
  }
}

extension Entry {
  /// Whether it changes what the state holds, neither members nor leadership.
  var isOperation: Bool { if case .operation = payload { true } else { false } }
}

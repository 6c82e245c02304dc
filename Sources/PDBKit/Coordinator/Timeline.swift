// What happened to a node since it started, for people who look later.

package import PDBModel
import Raft

/// Elections, members and alarms as one node has seen them.
package struct Timeline: Sendable {
  /// One thing that happened.
  package struct Entry: Sendable {
    package let time: Timestamp
    package let kind: Kind
    package let term: UInt64
    /// The address of the member that it is about; `nil` for the node itself.
    package var member: String?
    /// What more there is to say: the name of an alarm, or why an election began.
    package var detail: String?
  }

  /// What happened.
  package enum Kind: String, Sendable, CaseIterable {
    case started
    /// Asks whether an election would be won (Thesis §9.6).
    case asks
    /// Stands for election.
    case stands
    case leads
    case follows
    /// Leads no longer, and knows of no other leader.
    case stepsDown = "steps_down"
    case joined, promoted, removed
    case alarm
    case cleared
    /// Its state was damaged, and it made it anew.
    case mended
  }

  /// The oldest first.
  package private(set) var entries: [Entry] = []

  /// More are not kept.
  private static let length = 500

  package init() {}

  package mutating func started(_ status: EngineStatus, at time: Timestamp) {
    add(Entry(time: time, kind: .started, term: status.term))
  }

  package mutating func mended(_ status: EngineStatus, at time: Timestamp) {
    add(Entry(time: time, kind: .mended, term: status.term))
  }

  package mutating func note(_ news: News, term: UInt64, at time: Timestamp) {
    switch news {
    case .roleChanged(let before, let now): roleChanged(before, now, time)
    case .membersChanged(let before, let now): membersChanged(before, now, term, time)
    case .raised(let alarm):
      add(Entry(time: time, kind: .alarm, term: term, detail: alarm.rawValue))
    case .poisoned:
      add(Entry(time: time, kind: .alarm, term: term, detail: Alarm.poisonedEntry.rawValue))
    case .cleared(let alarm):
      add(Entry(time: time, kind: .cleared, term: term, detail: alarm.rawValue))
    }
  }

  private mutating func roleChanged(
    _ before: EngineStatus, _ now: EngineStatus, _ time: Timestamp
  ) {
    func entry(_ kind: Kind, member: String? = nil, detail: String? = nil) -> Entry {
      Entry(time: time, kind: kind, term: now.term, member: member, detail: detail)
    }
    switch now.role {
    case .leader where before.role != .leader || before.term != now.term: add(entry(.leads))
    case .candidate where before.role != .candidate || before.term != now.term: add(entry(.stands))
    case .preCandidate where before.role != .preCandidate:
      add(entry(.asks, member: before.leader?.address))
    case .follower where now.leader != nil && now.leader != before.leader:
      add(entry(.follows, member: now.leader?.address))
    case .follower where before.role == .leader && now.leader == nil: add(entry(.stepsDown))
    default: break
    }
  }

  private mutating func membersChanged(
    _ before: [Member], _ now: [Member], _ term: UInt64, _ time: Timestamp
  ) {
    func add(_ kind: Kind, _ member: Member) {
      self.add(Entry(time: time, kind: kind, term: term, member: member.address))
    }
    for member in now {
      let old = before.first { $0.id == member.id }
      if old == nil { add(.joined, member) }
      if old?.role == .learner, member.role == .voter { add(.promoted, member) }
    }
    for member in before where !now.contains(where: { $0.id == member.id }) {
      add(.removed, member)
    }
  }

  private mutating func add(_ entry: Entry) {
    entries.append(entry)
    if entries.count > Self.length { entries.removeFirst(entries.count - Self.length) }
  }
}

extension Timeline.Entry {
  package var json: JSON {
    var members: [JSON.Member] = [
      .init("time", .string(time.description)), .init("kind", .string(kind.rawValue)),
      .init("term", JSON(term)),
    ]
    if let member { members.append(.init("member", .string(member))) }
    if let detail { members.append(.init("detail", .string(detail))) }
    return .object(members)
  }
}

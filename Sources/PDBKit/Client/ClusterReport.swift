// The state of a cluster as its members tell it, and the verdict on it.

public import PDBModel
public import PDBStore

/// What all members of a cluster say of themselves, taken together.
public struct ClusterReport: Sendable {
  /// How the cluster is, at a glance.
  public enum Health: String, Sendable {
    /// Every member answers, has no alarm and keeps up.
    case healthy
    /// There is a leader, but some member is down, behind, or has an alarm.
    case degraded
    /// There is a quorum and no leader: an election is under way.
    case noLeader = "no_leader"
    /// Fewer voters answer than a majority: nothing can be changed.
    case noQuorum = "no_quorum"
  }

  /// One member's own words, or why there are none.
  public struct MemberReport: Sendable {
    /// The id of the member, in hexadecimal digits.
    public let id: String
    /// Where it is reached, as `host:port`.
    public let address: String
    /// Whether it votes; a learner only listens.
    public let isVoter: Bool
    /// What the member says; `nil` if it did not answer.
    public let status: NodeStatus?
    /// Why it did not answer, in words for people.
    public let failure: String?
    /// How long ago the leader heard it last, in milliseconds, if the leader knows.
    public let silence: UInt64?
    /// The command that starts it again, if that can be told.
    public let restart: String?

    /// The report of one member.
    public init(
      id: String, address: String, isVoter: Bool = true, status: NodeStatus?, failure: String?,
      silence: UInt64? = nil, restart: String? = nil
    ) {
      self.id = id
      self.address = address
      self.isVoter = isVoter
      self.status = status
      self.failure = failure
      self.silence = silence
      self.restart = restart
    }

    /// Whether the member answered.
    public var isUp: Bool { status != nil }
    /// `follower`, `candidate`, `leader` or `learner`; `nil` if it is not known.
    public var role: String? {
      isVoter ? status?.role : "learner"
    }
    /// What the member itself says is wrong with it.
    public var alarms: [String] { status?.alarms ?? [] }
    /// The member's Raft term.
    public var term: UInt64? { status?.term }
    /// The last log entry that is in the member's state.
    public var applied: UInt64? { status?.appliedIndex }
    /// Whether the member says that it leads.
    public var isLeader: Bool { status?.isLeader ?? false }
  }

  /// The id of the cluster.
  public let cluster: String
  /// How many voters make a majority.
  public let quorum: Int
  /// Dead ones first, then by address.
  public let members: [MemberReport]
  /// What keeps the data.
  public let engine: ClusterView.Engine

  /// A report; members that did not answer are put first, and otherwise the order is kept.
  public init(
    cluster: String, quorum: Int, members: [MemberReport], engine: ClusterView.Engine = .raft
  ) {
    self.cluster = cluster
    self.quorum = quorum
    self.engine = engine
    self.members = members.filter { !$0.isUp } + members.filter(\.isUp)
  }

  /// The member that leads in the newest term. An old leader that has not heard of its
  /// successor may still claim to lead.
  public var leader: MemberReport? {
    members.filter(\.isLeader).max { ($0.term ?? 0) < ($1.term ?? 0) }
  }

  /// How many members answered, learners included.
  public var upCount: Int { members.count(where: \.isUp) }

  private var votersUpCount: Int { members.count { $0.isUp && $0.isVoter } }

  /// The voters that hear the leader and have everything but the newest second.
  private var currentVotersCount: Int {
    members.count { $0.isUp && $0.isVoter && !isBehind($0) && !isCutOff($0) }
  }

  /// Whether a voter is up and the leader has not heard it for a while: something lies between them, and
  /// it could not take part in anything.
  public func isCutOff(_ member: MemberReport) -> Bool {
    guard member.isUp, member.isVoter, let leader, leader.id != member.id else { return false }
    return member.silence.map { $0 > Self.patience } ?? false
  }

  /// Milliseconds that a member may be silent: many heartbeats.
  private static let patience: UInt64 = 2000

  /// Whether a voter is up and lacks what the leader had committed a second ago: it does not catch
  /// up, and could not take the place of a member that dies.
  public func isBehind(_ member: MemberReport) -> Bool {
    guard member.isUp, member.isVoter, let applied = member.applied,
      let settled = leader?.status?.settledCommitIndex
    else { return false }
    return applied < settled
  }

  /// How the cluster is, at a glance.
  public var health: Health {
    if votersUpCount < quorum { return .noQuorum }
    // In front of an etcd, all nodes make changes.
    if leader == nil { return engine == .etcd ? .degraded : .noLeader }
    let isWell = members.allSatisfy {
      $0.isUp && $0.alarms.isEmpty && !isBehind($0) && !isCutOff($0)
    }
    return isWell ? .healthy : .degraded
  }

  /// Applied entries that a member lacks compared to the leader.
  public func lag(of member: MemberReport) -> UInt64? {
    guard let applied = member.applied, let commit = leader?.status?.commitIndex else {
      return nil
    }
    return commit > applied ? commit - applied : 0
  }

  /// In a few sentences how the cluster is and what it can still bear.
  public var verdict: String { verdictSentences.joined(separator: " ") }

  private var verdictSentences: [String] {
    let up =
      members.count == 1
      ? "\(upCount) of 1 node up" : "\(upCount) of \(members.count) nodes up"
    let spare = currentVotersCount - quorum
    let margin =
      switch spare {
      case ..<1: "Losing one more stops changes."
      case 1: "Losing one more is survivable."
      default: "Losing \(spare) more is survivable."
      }
    switch health {
    case .healthy, .degraded:
      let name = health == .healthy ? "HEALTHY" : "DEGRADED"
      let troubles = members.filter { !$0.alarms.isEmpty }.map {
        "\($0.address) says: \($0.alarms.joined(separator: ", "))."
      }
      let behind = members.filter { isBehind($0) && !isCutOff($0) }.map { member in
        let lag = lag(of: member) ?? 0
        return lag == 1
          ? "\(member.address) is 1 entry behind and does not catch up."
          : "\(member.address) is \(lag) entries behind and does not catch up."
      }
      let cutOff = members.filter(isCutOff).map {
        "\($0.address) is up, but the leader does not hear it."
      }
      guard let leader else {
        return ["\(name), \(up), no leader."] + troubles
          + ["Changes go on; keys that end wait for a leader."]
      }
      let state = "\(name), \(up), leader \(leader.address), term \(leader.term ?? 0)."
      let copies = members.count == 1 ? "There is no other copy of the data." : margin
      return [state] + troubles + cutOff + behind + [
        engine == .etcd ? "etcd keeps the data." : copies
      ]
    case .noLeader:
      return ["NO LEADER, \(up).", "An election is under way; changes must wait."]
    case .noQuorum:
      let missing = quorum - votersUpCount
      return [
        "NO QUORUM, \(up), \(quorum) are needed.",
        missing == 1
          ? "Nothing can be changed until 1 more starts."
          : "Nothing can be changed until \(missing) more start.",
      ]
    }
  }

  /// The form of `pdb cluster status --json`.
  public var json: JSON {
    let leader = leader
    return [
      "cluster": .string(cluster),
      "health": .string(health.rawValue),
      "verdict": .string(verdict),
      "leader": JSON(leader.map(\.address)),
      "term": Self.json(leader.flatMap(\.term)),
      "quorum": JSON(quorum),
      "members": .array(members.map { json(of: $0) }),
    ]
  }

  private func json(of member: MemberReport) -> JSON {
    let status = member.status
    return [
      "id": .string(member.id),
      "address": .string(member.address),
      "state": .string(member.isUp ? "up" : "down"),
      "role": JSON(member.role),
      "term": Self.json(member.term),
      "applied": Self.json(member.applied),
      "lag": Self.json(lag(of: member)),
      "revision": Self.json(status?.revision),
      "hash": JSON(status.map { String($0.hash, radix: 16) }),
      "failure": JSON(member.failure),
      "voter": .bool(member.isVoter),
      "silent_ms": Self.json(member.silence),
      "behind": .bool(isBehind(member)),
      "restart": JSON(member.restart),
      "alarms": .array(member.alarms.map { .string($0) }),
      "poisoned": status?.poisoned?.json ?? .null,
    ]
  }

  private static func json(_ number: UInt64?) -> JSON { number.map { JSON($0) } ?? .null }
}

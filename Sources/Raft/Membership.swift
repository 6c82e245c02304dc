// The members of the cluster and how many of them make a quorum.

/// One member of a cluster.
public struct Member: Hashable, Sendable {
  /// What a member may do.
  public enum Role: UInt8, Sendable {
    /// Votes and counts towards quorums.
    case voter = 1
    /// Receives the log and nothing else (Thesis §4.2.1).
    case learner = 2
  }

  /// The name of the member, never given to another one.
  public let id: NodeID
  /// Where the member listens, opaque to consensus.
  public let address: String
  /// Preference in elections: among healthy voters the lowest rank tends to lead.
  public let rank: UInt32
  /// Whether the member votes.
  public let role: Role

  /// A member with these properties.
  public init(id: NodeID, address: String, rank: UInt32, role: Role = .voter) {
    self.id = id
    self.address = address
    self.rank = rank
    self.role = role
  }
}

/// The members of a cluster, ordered by rank, then id.
public struct Membership: Hashable, Sendable {
  /// Voters and learners, ordered by rank, then id.
  public let members: [Member]
  /// Members of the past, in ascending order. They have no say any more and never come back:
  /// ids are not reused.
  public let removed: [NodeID]

  /// - Parameters:
  ///   - members: in any order; ids must be unique.
  ///   - removed: in any order; none of them a member.
  public init(_ members: [Member], removed: [NodeID] = []) {
    self.members = members.sorted { ($0.rank, $0.id) < ($1.rank, $1.id) }
    self.removed = removed.sorted()
    precondition(
      Set(members.map(\.id) + removed).count == members.count + removed.count,
      "member ids must be unique")
  }

  /// The members that vote, in order of preference.
  public var voters: [Member] { members.filter { $0.role == .voter } }

  /// How many voters make a majority (Raft §5.2).
  public var quorum: Int { voters.count / 2 + 1 }

  /// The member with this id; `nil` if there is none.
  ///
  /// - Complexity: O(n) in the number of members.
  public subscript(id: NodeID) -> Member? { members.first { $0.id == id } }

  /// Whether the member with this id votes; `false` for a learner and for an unknown id.
  public func isVoter(_ id: NodeID) -> Bool { self[id]?.role == .voter }

  /// Whether these nodes, each counted once, hold a majority of the voters.
  func isQuorum(_ ids: some Sequence<NodeID>) -> Bool {
    Set(ids).filter(isVoter).count >= quorum
  }

  /// The highest value that a majority of the voters has reached, e.g. of match indices
  /// (Raft §5.3, §5.4). A voter without a value counts as zero.
  func quorumValue(_ value: (NodeID) -> UInt64) -> UInt64 {
    let values = voters.map { value($0.id) }.sorted(by: >)
    return values.isEmpty ? 0 : values[quorum - 1]
  }
}

/// A change of one member. Only single changes are made: any majority of the members before
/// overlaps any majority after (Thesis §4.1).
public enum MembershipChange: Equatable, Sendable {
  /// A new member that receives the log until it has caught up; then the leader promotes it.
  case addLearner(Member)
  /// The learner votes from now on.
  case promote(NodeID)
  /// The member has no say any more. `force`: even if too few of the others answer now.
  case remove(NodeID, force: Bool = false)
}

extension Membership {
  /// The members after `change`; `nil` if it does not fit them.
  func after(_ change: MembershipChange) -> Membership? {
    switch change {
    case .addLearner(let member):
      guard self[member.id] == nil, !removed.contains(member.id),
        !members.contains(where: { $0.address == member.address })
      else { return nil }
      let learner = Member(
        id: member.id, address: member.address, rank: member.rank, role: .learner)
      return Membership(members + [learner], removed: removed)
    case .promote(let id):
      guard let member = self[id], member.role == .learner else { return nil }
      let voter = Member(id: id, address: member.address, rank: member.rank, role: .voter)
      return Membership(members.filter { $0.id != id } + [voter], removed: removed)
    case .remove(let id, _):
      guard self[id] != nil else { return nil }
      return Membership(members.filter { $0.id != id }, removed: removed + [id])
    }
  }
}

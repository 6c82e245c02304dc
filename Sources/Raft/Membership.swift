// Who belongs to the cluster and how many of them make a quorum.

/// One member of a cluster.
public struct Member: Hashable, Sendable {
  /// What a member may do.
  public enum Role: UInt8, Sendable {
    /// Votes and counts towards quorums.
    case voter = 1
    /// Receives the log and nothing else (Thesis §4.2.1).
    case learner = 2
  }

  public let id: NodeID
  /// Where the member listens, opaque to consensus.
  public let address: String
  /// Preference in elections: among healthy voters the lowest rank tends to lead.
  public let rank: UInt32
  public let role: Role

  public init(id: NodeID, address: String, rank: UInt32, role: Role = .voter) {
    self.id = id
    self.address = address
    self.rank = rank
    self.role = role
  }
}

/// The members of a cluster, ordered by rank, then id.
public struct Membership: Equatable, Sendable {
  public let members: [Member]

  /// - Parameter members: in any order; ids must be unique.
  public init(_ members: [Member]) {
    self.members = members.sorted { ($0.rank, $0.id) < ($1.rank, $1.id) }
    precondition(Set(members.map(\.id)).count == members.count, "member ids must be unique")
  }

  /// The members that vote, in order of preference.
  public var voters: [Member] { members.filter { $0.role == .voter } }

  /// How many voters make a majority (Raft §5.2).
  public var quorum: Int { voters.count / 2 + 1 }

  public subscript(id: NodeID) -> Member? { members.first { $0.id == id } }

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

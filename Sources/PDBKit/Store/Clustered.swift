// What only a store of several nodes can be asked.

public import PDBModel

/// A store that several nodes keep together.
public protocol Clustered: Store {
  /// The members of the cluster and its leader, as one node knows them.
  func view() async throws(PDBError) -> ClusterView

  /// Adds a member; it votes once it has caught up.
  func add(_ address: NodeAddress) async throws(PDBError) -> ClusterMember

  /// Removes a member for good; returns when that is committed.
  ///
  /// - Parameters:
  ///   - member: its id, its address, or its port where that is unambiguous.
  ///   - force: even if too few of the remaining members answer now.
  func remove(_ member: String, force: Bool) async throws(PDBError) -> ClusterMember

  /// Hands leadership over, to the most suitable voter if `member` is `nil`.
  ///
  /// - Returns: the address of the new leader, if it is known yet.
  func transferLeadership(to member: String?) async throws(PDBError) -> String?

  /// Skips the committed entry that the state stopped before, on all members: what it was to change is
  /// given up.
  ///
  /// - Throws: `conflict` if that is another entry, or none, or one that a member has applied.
  func skip(_ index: UInt64, from origin: Origin) async throws(PDBError) -> Receipt
}

/// A member of a cluster.
public struct ClusterMember: Equatable, Sendable {
  /// Hexadecimal digits.
  public let id: String
  /// Where other nodes and clients reach it, as `host:port`.
  public let address: String
  /// Whether it leads, as the node that was asked knows it.
  public var isLeader = false
  /// Whether it votes; a learner only receives.
  public var isVoter = true
  /// The last log entry that the leader knows it has; only the leader knows.
  public var matchIndex: UInt64?
  /// Milliseconds since it last answered the leader; only the leader knows.
  public var silence: UInt64?
  /// The command that starts it again, if that can be told.
  public var restart: String?

  /// A voter that does not lead.
  public init(id: String, address: String) {
    self.id = id
    self.address = address
  }

  /// `nil` if the address cannot be read.
  public var nodeAddress: NodeAddress? { try? NodeAddress(parsing: address) }
}

/// A cluster, as one node knows it.
public struct ClusterView: Sendable {
  /// The id and the birth of the cluster.
  public let identity: ClusterIdentity
  /// The node that says so.
  public let node: NodeAddress
  /// Whether that node leads.
  public let isLeader: Bool
  /// The Raft term of the node (Raft §5.1).
  public let term: UInt64
  /// How many voters make a majority.
  public let quorum: Int
  /// All members, learners included.
  public let members: [ClusterMember]
  /// The ids of those that were removed.
  public let removed: [String]
  /// What keeps the data.
  public var engine = Engine.raft

  /// What keeps the data of a cluster.
  public enum Engine: String, Sendable, CaseIterable {
    /// Its members.
    case raft
    /// An etcd; the members only stand in front of it.
    case etcd
  }

  /// The view of one node.
  public init(
    identity: ClusterIdentity, node: NodeAddress, isLeader: Bool, term: UInt64, quorum: Int,
    members: [ClusterMember], removed: [String]
  ) {
    self.identity = identity
    self.node = node
    self.isLeader = isLeader
    self.term = term
    self.quorum = quorum
    self.members = members
    self.removed = removed
  }

  /// The member that leads; `nil` if the node knows none.
  public var leader: ClusterMember? { members.first(where: \.isLeader) }

  /// Where the members are, the leader first.
  public var addresses: [NodeAddress] {
    (members.filter(\.isLeader) + members.filter { !$0.isLeader }).compactMap(\.nodeAddress)
  }
}

extension [ClusterMember] {
  /// The member with this id or address; a bare port will do where it is unambiguous.
  ///
  /// - Throws: `member_not_found`.
  public func member(named name: String) throws(PDBError) -> ClusterMember {
    let byID = filter { $0.id == name }
    let address = (try? NodeAddress(parsing: name))?.description
    let byAddress = filter { $0.address == address }
    let byPort = filter { $0.address.hasSuffix(":\(name)") }
    for found in [byID, byAddress, byPort] where found.count == 1 { return found[0] }
    throw PDBError(
      .memberNotFound, "there is no member '\(name.escapingControlCharacters)'",
      hint: "'pdb cluster members' lists ids and addresses")
  }
}

/// What a node says of itself.
public struct NodeStatus: Sendable {
  /// Hexadecimal digits.
  public let node: String
  /// The id and the birth of the cluster that the node belongs to.
  public let identity: ClusterIdentity
  /// Names the node's data directory.
  public let incarnation: String
  /// Where other nodes and clients reach the node.
  public let address: NodeAddress
  /// `follower`, `candidate` or `leader`.
  public let role: String
  /// The address of the leader, if the node knows one.
  public let leader: String?
  /// The Raft term of the node (Raft §5.1).
  public let term: UInt64
  /// The addresses of the other members.
  public let peers: [String]
  /// When the leader was last heard; on the leader itself, now.
  public let lastHeartbeat: Timestamp?
  /// The last log entry that is known to be committed.
  public let commitIndex: UInt64
  /// The same of one to two seconds ago: a member that has not applied it is behind.
  public let settledCommitIndex: UInt64
  /// The last log entry that is in the state.
  public let appliedIndex: UInt64
  /// The last entry of the log.
  public let lastIndex: UInt64
  /// The first entry that the log still holds.
  public let firstIndex: UInt64
  /// How many entries the log holds.
  public let logEntries: Int
  /// How many bytes they have.
  public let logBytes: Int
  /// The revision of the node's state.
  public let revision: UInt64
  /// Of all pairs; the same on all nodes at the same ``appliedIndex``.
  public let hash: UInt64
  /// What is wrong with the node although it runs.
  public let alarms: [String]
  /// The committed entry that the node's state stopped before, if there is one.
  public let poisoned: PoisonedEntry?
  /// The version of the program.
  public let version: String
  /// Whether clients on other machines do without TLS, and perhaps without a token.
  public var isInsecure = false
  /// When the node's process began, by its own clock; `nil` if it does not say.
  public var started: Timestamp?

  package init(
    node: String, identity: ClusterIdentity, incarnation: String, address: NodeAddress,
    role: String, leader: String?, term: UInt64, peers: [String], lastHeartbeat: Timestamp?,
    commitIndex: UInt64, settledCommitIndex: UInt64, appliedIndex: UInt64, lastIndex: UInt64,
    firstIndex: UInt64, logEntries: Int, logBytes: Int, revision: UInt64, hash: UInt64,
    alarms: [String], poisoned: PoisonedEntry?, version: String
  ) {
    self.node = node
    self.identity = identity
    self.incarnation = incarnation
    self.address = address
    self.role = role
    self.leader = leader
    self.term = term
    self.peers = peers
    self.lastHeartbeat = lastHeartbeat
    self.commitIndex = commitIndex
    self.settledCommitIndex = settledCommitIndex
    self.appliedIndex = appliedIndex
    self.lastIndex = lastIndex
    self.firstIndex = firstIndex
    self.logEntries = logEntries
    self.logBytes = logBytes
    self.revision = revision
    self.hash = hash
    self.alarms = alarms
    self.poisoned = poisoned
    self.version = version
  }

  /// Whether the node says that it leads.
  public var isLeader: Bool { role == "leader" }
}

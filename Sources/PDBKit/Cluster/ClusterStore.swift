// The store of a cluster, as one of its nodes has it.

import PDBClient
import PDBCoordinator
package import PDBModel
package import PDBStorage
package import PDBStore
import Raft

/// A node's part of a cluster, as a store.
///
/// Changes are made on the leader only; elsewhere they end with `not_leader`, which names it.
package final class ClusterStore: Clustered {
  package let engine: RaftEngine
  private let neighbours: NeighbourFiles
  private let order = KnownTaskOrder()

  package init(_ engine: RaftEngine, neighbours: NeighbourFiles) {
    self.engine = engine
    self.neighbours = neighbours
  }

  package func identity() async throws(PDBError) -> ClusterIdentity { engine.status.cluster }

  // MARK: Changing

  package func apply(_ change: Change, from origin: Origin) async throws(PDBError) -> Receipt {
    let operation = try Operation(change)
    let stamp = try stamp(change, origin)
    try await spareTasks(change, isRetry: origin.request?.age != nil)
    let receipt: Receipt
    do {
      receipt = try await engine.propose(StampedOperation(stamp: stamp, operation: operation))
    } catch { throw PDBError(changing: error) }
    return receipt
  }

  private func stamp(_ change: Change, _ origin: Origin) throws(PDBError) -> Stamp {
    let now = Timestamp.now
    let author = origin.author ?? ""
    guard author.utf8.count <= Limits.authorBytes else {
      throw PDBError(.badRequest, "the author is longer than \(Limits.authorBytes) bytes")
    }
    return Stamp(
      time: now, author: author.escapingControlCharacters,
      request: try origin.request.map { id throws(PDBError) in
        try RequestID(id, of: change, now: now)
      })
  }

  /// Refuses to put in a task's place what is none: it would vanish from the list.
  ///
  /// - Throws: `conflict`. For a repeated request the outcome is unknown: the first attempt may have
  ///   been made before there was a task.
  private func spareTasks(_ change: Change, isRetry: Bool) async throws(PDBError) {
    let risky = change.pairsThatSpareTasks.filter { pair in
      TaskKeys.isTask(pair.key) && JSON(objectIn: pair.value)?["title"] == nil
    }
    guard !risky.isEmpty, engine.isLeader else { return }
    // A leader's own state has every task that was acknowledged.
    let found = try await read(.stale, .keys) { view, _ in
      try risky.lazy.compactMap { pair in
        try view.get(pair.key).flatMap(VersionedTask.init)
      }.first
    }
    guard let task = found?.task else { return }
    throw PDBError(
      .conflict,
      "'task_\(task.id.escapingControlCharacters)' is task \(task.number), and the value is none",
      outcome: isRetry ? .unknown : .notApplied,
      hint: "remove the task, or set it all the same: --force (HTTP: '?force=true')",
      details: [.init("revision", JSON(found?.revision ?? 0))])
  }

  // MARK: Reading

  private func read<T: Sendable>(
    _ moment: Moment, _ reach: RaftEngine.Reach,
    _ body: @escaping @Sendable (any StateView, StateMark) throws -> T
  ) async throws(PDBError) -> T {
    do { return try await engine.read(moment, reach, body) } catch {
      throw PDBError(reading: error)
    }
  }

  package func get(_ key: Bytes, at moment: Moment) async throws(PDBError) -> Read<Pair?> {
    let key = try Limits.check(key: key)
    return try await read(moment, .keys) { view, mark in
      let stored = try view.get(key)
      return Read(
        stored.map { Pair(key: key, value: $0.value, revision: $0.revision) },
        revision: mark.revision)
    }
  }

  package func pairs(_ query: PairQuery, at moment: Moment) async throws(PDBError) -> Listing<Pair>
  {
    try await list(PairScan(query), at: moment)
  }

  package func task(
    _ reference: TaskReference, at moment: Moment
  ) async throws(PDBError) -> Read<VersionedTask> {
    try await read(moment, .keys) { view, mark in
      Read(try view.task(reference), revision: mark.revision)
    }
  }

  package func tasks(
    _ query: TaskQuery, at moment: Moment
  ) async throws(PDBError) -> Listing<VersionedTask> {
    try await list(TaskScan(query, order, comebacks: engine.status.comebacks), at: moment)
  }

  package func export(prefix: Bytes, at moment: Moment) async throws(PDBError) -> Listing<Pair> {
    try await pairs(PairQuery(prefix: prefix, includesTasks: true), at: moment)
  }

  /// A short list comes at once; a long one piece by piece from a view of its own.
  private func list<Scan: StateScan>(
    _ scan: Scan, at moment: Moment
  ) async throws(PDBError) -> Listing<Scan.Item> {
    if let list = try await list(scan, upTo: ListPiece.bytes, at: moment) { return list }
    let snapshot: StateSnapshot
    do { snapshot = try await engine.snapshot(.stale) } catch {
      // Where the disk is full there is no view but that of the writer; reading goes on all the same.
      guard (error as? PDBError)?.code == .diskFull else { throw PDBError(reading: error) }
      return try await list(scan, upTo: .max, at: .stale)!
    }
    var source = SnapshotSource(scan, snapshot)
    let first = try await source.next() ?? []
    return Listing(revision: snapshot.mark.revision, first: first, rest: source)
  }

  /// The list in one piece; `nil` if it has more bytes than `limit`.
  private func list<Scan: StateScan>(
    _ scan: Scan, upTo limit: Int, at moment: Moment
  ) async throws(PDBError) -> Listing<Scan.Item>? {
    try await read(moment, .ranges) { view, mark in
      var scan = scan
      var items: [Scan.Item] = []
      guard try scan.read(view, into: &items, upTo: limit) else { return nil }
      return Listing(revision: mark.revision, first: items)
    }
  }

  package func stagedParts(of importID: String, at moment: Moment) async throws(PDBError) -> Int {
    let prefix = ImportKeys.parts(of: try ImportKeys.check(id: importID))
    return try await read(moment, .ranges) { view, _ in
      var parts = 0
      try view.scan(prefix: prefix) { _, _ in
        parts += 1
        return true
      }
      return parts
    }
  }

  // MARK: History

  package func revision(
    _ number: UInt64, at moment: Moment
  ) async throws(PDBError) -> Read<Revision> {
    try await read(moment, .ranges) { view, mark in
      guard let record = try view.revision(number) else { throw mark.unknown(number) }
      return Read(try Revision(record), revision: mark.revision)
    }
  }

  package func history(
    _ query: HistoryQuery, at moment: Moment
  ) async throws(PDBError) -> HistoryPage {
    try await read(moment, .ranges) { view, mark in
      var page = PageOfHistory(limit: min(query.limit, Limits.logPage))
      let before = query.before ?? .max
      if page.limit > 0, before > 0 {
        try view.scanHistory(from: 0, through: before - 1, reversed: true) { record in
          let revision = try Revision(record)
          return query.filter.matches(revision) ? page.add(revision) : true
        }
      }
      return HistoryPage(
        revisions: page.revisions, revision: mark.revision, compacted: mark.compactedRevision,
        next: page.isCut ? page.revisions.last?.number : nil)
    }
  }

  /// Revisions as they are found, up to a number and to a bound in bytes.
  private struct PageOfHistory {
    let limit: Int
    private(set) var revisions: [Revision] = []
    private var bytes = 0

    init(limit: Int) { self.limit = limit }

    var isCut: Bool { revisions.count == limit || bytes >= Limits.logPageBytes }

    /// Returns whether there was room; if not, there is more for another request.
    mutating func add(_ revision: Revision) -> Bool {
      guard revisions.count < limit, bytes < Limits.logPageBytes else { return false }
      revisions.append(revision.showing(first: Limits.logPageChanges))
      bytes += revision.changes.reduce(0) {
        $0 + $1.key.count + ($1.before?.count ?? 0) + ($1.after?.count ?? 0)
      }
      return true
    }
  }

  package func changes(
    since revision: UInt64?, _ filter: HistoryFilter, at moment: Moment
  ) async throws(PDBError) -> ChangeStream {
    let start = try await start(revision, moment)
    let source = ChangeFeedSource(engine.feed, after: start, filter) {
      [self] since throws(PDBError) in try await events(after: since, filter)
    }
    return ChangeStream(after: start, source)
  }

  private func start(_ asked: UInt64?, _ moment: Moment) async throws(PDBError) -> UInt64 {
    // This node may lag behind the one that told the last revision.
    if let asked, asked <= engine.status.mark.revision { return asked }
    let newest = try await read(moment, .keys) { $1.revision }
    guard let asked else { return newest }
    guard asked <= newest else {
      throw PDBError(
        .revisionNotFound, "there is no revision \(asked) yet", hint: "the newest is \(newest)",
        details: [.init("revision", JSON(newest))])
    }
    return asked
  }

  /// What the history knows after a revision.
  private func events(
    after since: UInt64, _ filter: HistoryFilter
  ) async throws(PDBError) -> [ChangeEvent] {
    try await read(.stale, .ranges) { view, mark in
      guard since < mark.revision else { return [.position(since)] }
      guard since >= mark.compactedRevision else {
        return [.reset(revision: mark.revision, compacted: mark.compactedRevision)]
      }
      var batch = EventBatch(filter)
      try view.scanHistory(from: since + 1, through: mark.revision, reversed: false) { record in
        batch.add(try Revision(record))
        return !batch.isFull
      }
      return batch.all
    }
  }

  // MARK: The cluster

  package func view() async throws(PDBError) -> ClusterView {
    view(engine.status) { [neighbours] in neighbours.restart($0) }
  }

  /// The cluster as this node knows it now, without how dead members are started again.
  package var currentView: ClusterView { view(engine.status) { _ in nil } }

  private func view(_ status: EngineStatus, restart: (Member) -> String?) -> ClusterView {
    ClusterView(
      identity: status.cluster, node: status.identity.address, isLeader: status.isLeader,
      term: status.term, quorum: status.membership.quorum,
      members: status.members.map { member in
        var described = ClusterMember(member, status)
        if member.id != status.identity.node { described.restart = restart(member) }
        return described
      },
      removed: status.membership.removed.map(\.text))
  }

  package func add(_ address: NodeAddress) async throws(PDBError) -> ClusterMember {
    let status = try leading()
    if let member = status.members.first(where: { $0.address == address.description }) {
      // Asking twice is fine as long as the member has not begun to work.
      guard member.role == .learner, status.matchIndex[member.id] == 0 else {
        throw PDBError(
          .conflict, "'\(address)' is a member already",
          hint: "if it lost its data, remove it first: pdb cluster remove \(address)")
      }
      return ClusterMember(member, status)
    }
    let member = Member(
      id: .random(in: 1 ... .max), address: address.description, rank: UInt32(address.port),
      role: .learner)
    do { try await engine.change(.addLearner(member)) } catch { throw PDBError(changing: error) }
    return ClusterMember(member, status)
  }

  package func remove(_ member: String, force: Bool) async throws(PDBError) -> ClusterMember {
    let status = try leading()
    let found = try status.member(named: member)
    do { try await engine.change(.remove(found.id, force: force)) } catch {
      throw PDBError(changing: error)
    }
    return ClusterMember(found, status)
  }

  package func transferLeadership(to member: String?) async throws(PDBError) -> String? {
    let status = try leading()
    let target = try member.map { name throws(PDBError) in try status.member(named: name) }
    if let target, target.id == status.identity.node { return target.address }
    do { return try await engine.transferLeadership(to: target?.id)?.address } catch {
      throw PDBError(changing: error)
    }
  }

  /// The status of a node that leads.
  private func leading() throws(PDBError) -> EngineStatus {
    let status = engine.status
    guard status.isLeader else { throw status.notLeader }
    return status
  }

  package func backup(at moment: Moment) async throws(PDBError) -> ByteStream {
    let snapshot: StateSnapshot
    do { snapshot = try await engine.snapshot(moment) } catch { throw PDBError(reading: error) }
    var source = BackupSource(snapshot)
    let head = source.head(engine.status.identity.cluster)
    return ByteStream(revision: snapshot.mark.revision, first: head, rest: source)
  }

  // MARK: This node

  /// What this node says of itself.
  package var nodeStatus: NodeStatus { NodeStatus(engine.status) }
}

// MARK: Words

extension Change {
  /// The pairs that must not take the place of a task unless they are one.
  fileprivate var pairsThatSpareTasks: [NewPair] {
    switch self {
    case .set(let pair, _, .spare): [pair]
    case .setMany(let pairs, .spare): pairs
    default: []
    }
  }
}

extension StateMark {
  /// The error for a revision that is not there.
  fileprivate func unknown(_ number: UInt64) -> PDBError {
    PDBError(
      .revisionNotFound, "there is no revision \(number)",
      hint: number <= data.compactedRevision
        ? "the history begins after revision \(data.compactedRevision); older ones are forgotten"
        : "the newest is \(data.revision)")
  }
}

extension EngineStatus {
  /// The member with this id or address; a bare port will do where it is unambiguous.
  fileprivate func member(named name: String) throws(PDBError) -> Member {
    let found = try members.map { ClusterMember($0, self) }.member(named: name)
    return members.first { $0.id.text == found.id }!
  }
}

extension ClusterMember {
  fileprivate init(_ member: Member, _ status: EngineStatus) {
    self.init(id: member.id.text, address: member.address)
    isLeader = member.id == status.leader?.id
    isVoter = member.role == .voter
    matchIndex = status.matchIndex[member.id]
    silence = status.silence[member.id].map { UInt64($0) }
  }
}

extension NodeStatus {
  fileprivate init(_ status: EngineStatus) {
    self.init(
      node: status.identity.node.text, identity: status.cluster,
      incarnation: status.identity.incarnation.text, address: status.identity.address,
      role: status.role.rawValue, leader: status.leader?.address, term: status.term,
      peers: status.members.filter { $0.id != status.identity.node }.map(\.address),
      lastHeartbeat: status.lastHeartbeat, commitIndex: status.commitIndex,
      settledCommitIndex: status.settledCommitIndex, appliedIndex: status.mark.appliedIndex,
      lastIndex: status.lastIndex, firstIndex: status.firstIndex, logEntries: status.logEntries,
      logBytes: status.logBytes, revision: status.mark.revision, hash: status.mark.hash,
      alarms: status.alarms.map(\.rawValue), version: pdbVersion)
  }
}

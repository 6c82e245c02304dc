// The store of data that lie in this process: what a cluster's node and a folder have in common.

package import PDBCoordinator
package import PDBModel
package import PDBStorage
package import PDBStore

/// A store that stamps changes itself and answers questions from a state of its own.
package protocol LocalStore: Store {
  associatedtype Engine: StateEngine

  /// Makes what is stamped durable.
  var engine: Engine { get }
  /// The order of the tasks in the state.
  var order: KnownTaskOrder { get }
  /// The author of changes that name none.
  var author: String { get }
}

extension LocalStore {
  package var author: String { "" }

  // MARK: Changing

  package func apply(_ change: Change, from origin: Origin) async throws(PDBError) -> Receipt {
    try await make(change, from: origin)
  }

  /// Stamps a change and makes it durable.
  package func make(_ change: Change, from origin: Origin) async throws(PDBError) -> Receipt {
    var now: UInt64 = 0
    if change.needsLeaseTime {
      do { now = try await engine.grantTime() } catch { throw PDBError(changing: error) }
    }
    let operation = try Operation(change, leaseTime: now)
    let stamp = try stamp(change, origin)
    try await spareTasks(change, isRetry: origin.request?.isRetry == true)
    do {
      return try await engine.propose(StampedOperation(stamp: stamp, operation: operation))
    } catch { throw PDBError(changing: error) }
  }

  private func stamp(_ change: Change, _ origin: Origin) throws(PDBError) -> Stamp {
    let now = Timestamp.now
    return try stamp(
      author: origin.author,
      request: origin.request.map { id throws(PDBError) in
        try RequestID(id, of: change, now: now)
      }, now)
  }

  /// Who makes a change, and when.
  package func stamp(
    author: String?, request: RequestID?, _ now: Timestamp = .now
  ) throws(PDBError) -> Stamp {
    let author = author ?? self.author
    guard author.utf8.count <= Limits.authorBytes else {
      throw PDBError(
        .badRequest, "the author (HTTP: 'PDB-Author') is longer than \(Limits.authorBytes) bytes")
    }
    return Stamp(time: now, author: author.escapingControlCharacters, request: request)
  }

  /// Refuses to put in a task's place what is none: it would vanish from the list.
  ///
  /// - Throws: `conflict`. For a repeated request the outcome is unknown: the first attempt may have
  ///   been made before there was a task.
  private func spareTasks(_ change: Change, isRetry: Bool) async throws(PDBError) {
    let risky = change.pairsThatSpareTasks.filter { pair in
      TaskKeys.isTask(pair.key) && JSON(objectIn: pair.value)?["title"] == nil
    }
    guard !risky.isEmpty, engine.isCurrent else { return }
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

  /// Runs `body` on the state as it is or was, with a mark whose revision is that of the moment.
  package func read<T: Sendable>(
    _ moment: Moment, _ reach: ReadReach,
    _ body: @escaping @Sendable (any StateView, StateMark) throws -> T
  ) async throws(PDBError) -> T {
    do {
      guard case .past(let name) = moment else {
        return try await engine.read(moment.consistency, reach, body)
      }
      return try await engine.read(moment.consistency, reach) { view, mark in
        var past = mark
        past.revision = try view.number(of: name, mark.data)
        return try body(view.past(past.revision), past)
      }
    } catch { throw PDBError(reading: error) }
  }

  package func get(_ key: Bytes, at moment: Moment) async throws(PDBError) -> Read<Pair?> {
    let key = try Limits.check(key: key)
    // Of what was it is not known how long it was to live.
    let isPast = moment.isPast
    return try await read(moment, .keys) { [engine] view, mark in
      let stored = try view.get(key)
      var pair = stored.map { Pair(key: key, value: $0.value, revision: $0.revision) }
      if pair != nil, mark.lease.next != 0, !isPast, let deadline = try view.deadline(of: key) {
        let now = engine.leaseTime(mark)
        pair!.remaining = .milliseconds(Int64(deadline > now ? deadline - now : 0))
      }
      return Read(pair, revision: mark.revision)
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
    // What is known of the order is known of the tasks that are there now.
    let order = moment.isPast ? KnownTaskOrder() : order
    return try await list(TaskScan(query, order, comebacks: engine.comebacks), at: moment)
  }

  package func export(prefix: Bytes, at moment: Moment) async throws(PDBError) -> Listing<Pair> {
    try await pairs(PairQuery(prefix: prefix, includesTasks: true), at: moment)
  }

  /// A short list comes at once; a long one piece by piece from a view of its own.
  func list<Scan: StateScan>(
    _ scan: Scan, at moment: Moment
  ) async throws(PDBError) -> Listing<Scan.Item> {
    let short = try await list(scan, upTo: ListPiece.bytes, at: moment)
    if let list = short.list { return list }
    // From here on the state need only have what it had.
    let past = moment.isPast ? short.revision : nil
    let moment = past.map { Moment.revision($0) } ?? .stale
    let snapshot: Engine.Snapshot
    do { snapshot = try await engine.snapshot(.stale) } catch {
      // Where the disk is full there is no view but that of the writer; reading goes on all the same.
      guard (error as? PDBError)?.code == .diskFull else { throw PDBError(reading: error) }
      return try await list(scan, upTo: .max, at: moment).list!
    }
    var source = SnapshotSource(scan, snapshot, past: past)
    let first = try await source.next() ?? []
    return Listing(revision: past ?? snapshot.mark.revision, first: first, rest: source)
  }

  /// The list in one piece, or none if it has more bytes than `limit`.
  private func list<Scan: StateScan>(
    _ scan: Scan, upTo limit: Int, at moment: Moment
  ) async throws(PDBError) -> (list: Listing<Scan.Item>?, revision: UInt64) {
    try await read(moment, .ranges) { view, mark in
      var scan = scan
      var items: [Scan.Item] = []
      try scan.check(view, mark)
      let isWhole = try scan.read(view, into: &items, upTo: limit)
      let list = isWhole ? Listing(revision: mark.revision, first: items) : nil
      return (list, mark.revision)
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

  package func settings(at moment: Moment) async throws(PDBError) -> Read<Settings> {
    try await read(moment, .keys) { view, mark in
      Read(try view.settings(), revision: mark.revision)
    }
  }
}

extension LocalStore where Engine.Snapshot == StateSnapshot {
  package func backup(at moment: Moment) async throws(PDBError) -> ByteStream {
    guard moment.consistency == .stale || moment == .now else {
      throw PDBError(
        .notSupported, "a backup holds the newest state with its history, not an earlier one",
        hint: "'pdb export --at REV' writes what there was then")
    }
    let (snapshot, identity) = (try await snapshot(moment), try await identity())
    var source = BackupSource(snapshot)
    let head = source.head(identity.cluster)
    return ByteStream(revision: snapshot.mark.revision, first: head, rest: source)
  }

  private func snapshot(_ moment: Moment) async throws(PDBError) -> StateSnapshot {
    do { return try await engine.snapshot(moment.consistency) } catch {
      throw PDBError(reading: error)
    }
  }
}

extension Change {
  /// Whether it says for how long something lives.
  fileprivate var needsLeaseTime: Bool {
    switch self {
    case .setExpiring, .touch: true
    case .transaction(let steps):
      steps.contains { step in
        if case .change(let change) = step { change.needsLeaseTime } else { false }
      }
    default: false
    }
  }

  /// The pairs that must not take the place of a task unless they are one.
  fileprivate var pairsThatSpareTasks: [NewPair] {
    switch self {
    case .set(let pair, _, .spare), .setExpiring(let pair, _, _, .spare): [pair]
    case .setMany(let pairs, .spare): pairs
    case .transaction(let steps):
      steps.flatMap { step -> [NewPair] in
        if case .change(let change) = step { change.pairsThatSpareTasks } else { [] }
      }
    default: []
    }
  }
}

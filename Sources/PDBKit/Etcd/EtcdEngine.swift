// The engine on etcd: the same state machine as everywhere, on keys that are fetched as it asks for them.
//
//   what waits -> state machine on fetched keys -> one transaction: compare the mark, move it, write
//
// Everything that an operation read was read where the mark was the one that is compared, so one compare is
// enough. If another program was faster, all is done again on what it left. Every request has an id, and
// its answer is written with its change: an attempt whose fate is unknown is settled by what stands there.

import Foundation
import NIOConcurrencyHelpers
import NIOCore
package import PDBCoordinator
package import PDBLocal
package import PDBModel
package import PDBStore

/// Makes operations durable in an etcd.
package actor EtcdEngine: StateEngine {
  let gateway: EtcdGateway
  let layout: Layout
  private let patience: Duration

  /// What is known as of a mark.
  private final class Base {
    let mark: MarkRecord
    /// etcd's revision of the change that made the mark.
    let modified: Int64
    /// A revision of etcd at which the mark was this one.
    var revision: Int64
    let fetched: FetchedKeys
    /// How many questions are being answered from it: it must stay as it is for them.
    var readers = 0

    init(_ mark: MarkRecord, modified: Int64, revision: Int64, _ fetched: FetchedKeys) {
      (self.mark, self.modified, self.revision, self.fetched) = (mark, modified, revision, fetched)
    }
  }

  private var kept: Base?
  /// Tells listeners of revisions, whoever makes them, as long as ``watch()`` runs.
  nonisolated let feed = ChangeFeed(last: 0)
  /// How far the data are, as far as this process knows.
  private nonisolated let newest = NIOLockedValueBox(StateMark())
  nonisolated var mark: StateMark { newest.withLockedValue { $0 } }

  /// An operation that waits for its transaction.
  private struct Waiting {
    let operation: StampedOperation
    /// Until when it is worth the while.
    let end: ContinuousClock.Instant
    let continuation: CheckedContinuation<Receipt, any Error>
  }

  private var waiting: [Waiting] = []
  private var isCommitting = false

  /// - Throws: `bad_configuration`.
  init(_ address: EtcdAddress, _ access: EtcdAccess, patience: Duration) throws(PDBError) {
    gateway = try EtcdGateway(address, access)
    layout = Layout(prefix: Bytes(utf8: address.prefix))
    self.patience = patience
  }

  // MARK: What is known

  /// More is not kept from one question to the next.
  private static let mostBytes = 8 << 20

  /// What is known as of now: what was known before if the mark is the same still.
  ///
  /// - Parameter places: what is wanted of it in any case.
  private func base(
    _ consistency: Consistency, _ places: [Bytes] = [], until end: ContinuousClock.Instant
  ) async throws -> Base {
    if consistency == .stale, let kept { return kept }
    let wanted = [layout.mark] + places
    let (answer, found, mark) = try await settled(wanted, until: end)
    let base: Base
    if let kept, kept.modified == found.modified, kept.mark == mark {
      base = kept
      base.revision = max(base.revision, answer.revision)
    } else {
      base = Base(
        mark, modified: found.modified, revision: answer.revision, FetchedKeys())
      keep(base)
    }
    for (place, range) in zip(wanted, answer.found) {
      base.fetched.learn(place, range.pairs.first?.value)
    }
    return base
  }

  /// Reads some places, the mark the first of them, once no change is half-way there.
  private func settled(
    _ wanted: [Bytes], until end: ContinuousClock.Instant
  ) async throws -> (answer: Answer, mark: EtcdPair, record: MarkRecord) {
    while true {
      let answer = try await ranges(wanted.map { .init($0) }, at: 0, until: end)
      guard let found = answer.found[0].pairs.first else { throw missing }
      guard let mark = MarkRecord(found.value) else { throw strange(layout.mark) }
      guard let change = AsideChange(mark, modified: found.modified) else {
        return (answer, found, mark)
      }
      try await finishTogether(change, until: end)
    }
  }

  /// The change that is being finished, by its nonce. All that wait for it share the work, which goes on when
  /// they have lost their patience.
  private var finishing: (nonce: UInt64, task: Task<Void, Never>)?
  private var finishFailure: (any Error)?
  private static let finishingPatience = Duration.seconds(120)

  private func finishTogether(
    _ change: AsideChange, until end: ContinuousClock.Instant
  ) async throws {
    let nonce = change.mark.nonce
    if finishing == nil {
      finishFailure = nil
      let task = Task {
        do {
          try await finish(change, until: .now + Self.finishingPatience)
        } catch { finishFailure = error }
        finishing = nil
      }
      finishing = (nonce, task)
    }
    // The task's end cannot be awaited: who waits may give up before.
    while finishing?.nonce == nonce {
      guard ContinuousClock.now < end else {
        throw PDBError(
          .timedOut, "a change that is larger than one request of etcd is being finished",
          hint: "try again in a moment")
      }
      try await Task.sleep(for: .milliseconds(5))
    }
    if let finishFailure { throw finishFailure }
  }

  /// Ends what is under way.
  func shutdown() async {
    if let task = finishing?.task {
      task.cancel()
      await task.value
    }
    await gateway.shutdown()
  }

  /// Keeps what is newer than what is kept: an older answer may come later.
  private func keep(_ base: Base) {
    guard base.modified > lastModified else { return }
    lastModified = base.modified
    kept = base
    note(base.mark.mark, [])
  }

  /// etcd's revision of the newest mark that was seen.
  private var lastModified: Int64 = 0

  /// Lets listeners know how far the data are.
  ///
  /// - Parameter made: the revisions that this process made since.
  private func note(_ mark: StateMark, _ made: [RecordedRevision]) {
    newest.withLockedValue { $0 = mark }
    guard mark.revision != feed.last else { return }
    if let first = made.first?.record.number, first == feed.last + 1 {
      feed.publish(made)
    } else {
      feed.reset(to: mark.revision)
    }
  }

  /// Learns of changes that others make, and tells listeners where they are, until the task is cancelled.
  func watch() async {
    await withTaskGroup(of: Void.self) { [feed] group in
      group.addTask { try? await self.watchMark() }
      group.addTask {
        while (try? await Task.sleep(for: Self.pulse)) != nil {
          // A watch may be deaf without knowing it.
          try? await self.look()
          feed.pulse()
        }
      }
      await group.waitForAll()
    }
  }

  private static let pulse = Duration.seconds(2)

  private func watchMark() async throws {
    while !Task.isCancelled {
      do {
        try await look()
        for try await pair in gateway.watch(layout.mark) {
          guard let mark = MarkRecord(pair.value), mark.pending == nil else { continue }
          let fetched = FetchedKeys()
          fetched.learn(layout.mark, pair.value)
          keep(Base(mark, modified: pair.modified, revision: pair.modified, fetched))
        }
      } catch is CancellationError {
        return
      } catch {
        // Whoever asks is told that etcd does not answer.
      }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  /// Looks how far the data are.
  private func look() async throws { _ = try await base(.linearizable, until: .now + patience) }

  private var missing: PDBError {
    PDBError(
      .noInput, "there is no database at \(gateway.address)",
      hint: "pdb init --db \(gateway.address)")
  }

  func strange(_ place: Bytes) -> PDBError {
    PDBError(
      .corrupt,
      "'\(String(decoding: place, as: UTF8.self).escapingControlCharacters)' in etcd was not written by pdb",
      hint: "nothing but pdb may write below '\(gateway.address.prefix)'; "
        + "'etcdctl get' shows what stands there")
  }

  /// How many keys of a range are fetched at once.
  private static let windows = 64...2048
  private static let windowBytes = 2 << 20
  private static let mostRanges = 128

  /// The pairs of some ranges, and at which revision of etcd they were there.
  typealias Answer = (found: [(pairs: [EtcdPair], more: Bool)], revision: Int64)

  func ranges(
    _ wanted: [Unfetched.Wanted], at revision: Int64, window: Int = windows.lowerBound,
    until end: ContinuousClock.Instant
  ) async throws -> Answer {
    var found: [(pairs: [EtcdPair], more: Bool)] = []
    var latest: Int64 = 0
    let before = seen
    for start in stride(from: 0, to: wanted.count, by: Self.mostRanges) {
      let part = wanted[start..<min(wanted.count, start + Self.mostRanges)]
      let body: JSON = [
        "success": .array(
          part.map {
            EtcdRequest.range($0.range, limit: $0.limit ?? window, revision: revision).json
          })
      ]
      let answer = try await gateway.ask("/v3/kv/txn", body, until: end)
      latest = answer.etcdRevision
      try check(answer, isAfter: before)
      let responses = answer["responses"]?.array ?? []
      guard responses.count == part.count else {
        throw PDBError(.badAnswer, "etcd answered \(responses.count) of \(part.count) questions")
      }
      found += responses.map { ($0["response_range"] ?? [:]).etcdRange }
    }
    return (found, latest)
  }

  /// How far etcd was when it answered last.
  private struct Seen {
    var cluster: String?
    var revision: Int64 = 0
  }

  private var seen = Seen()

  /// A linearizable answer knows all that was told before its question. One that does not comes from an etcd
  /// that was taken back, or from another one.
  ///
  /// - Throws: `wrong_cluster`. What is known here would not fit; who starts anew knows nothing.
  private func check(_ answer: JSON, isAfter before: Seen) throws {
    let cluster = answer["header"]?["cluster_id"]?.string
    guard cluster == before.cluster || before.cluster == nil, answer.etcdRevision >= before.revision
    else {
      throw PDBError(
        .wrongCluster,
        "etcd is another one than before: it was restored, or others answer at \(gateway.address)",
        hint: "look at what it holds; a node that is started again goes on with it")
    }
    seen = Seen(cluster: cluster, revision: max(seen.revision, answer.etcdRevision))
  }

  /// Fetches what is missing, and the beginning of what is long.
  private func fetch(
    _ missing: [Unfetched.Wanted], into base: Base, _ window: inout RangeWindow,
    until end: ContinuousClock.Instant
  ) async throws {
    let wanted = Array(Set(missing))
    let answer = try await ranges(wanted, at: base.revision, window: window.limit, until: end)
    var bytes = 0
    for (wanted, (pairs, more)) in zip(wanted, answer.found) {
      let last = pairs.last.map { $0.key + [0] }
      let upper = more ? last ?? wanted.range.lower : wanted.range.upper
      base.fetched.learn(
        KeyRange(wanted.range.lower, upper), pairs.map { ($0.key, $0.value) })
      bytes += pairs.reduce(0) { $0 + $1.value.count }
    }
    window.note(bytes: bytes)
  }

  /// Runs `body` until it has all that it asks for. What it asks for is fetched together, as far as it
  /// goes on without; see `FetchedKeys.guess`.
  private func run<T>(
    on base: Base, until end: ContinuousClock.Instant, _ body: () throws -> T
  ) async throws -> T {
    var window = RangeWindow(
      of: Self.windows.lowerBound, most: Self.windows.upperBound, bytes: Self.windowBytes)
    while true {
      let result = Result { try body() }
      var missing = base.fetched.takeGuesses().map { Unfetched.Wanted($0) }
      if case .failure(let error as Unfetched) = result { missing += error.wanted }
      guard !missing.isEmpty else {
        do { return try result.get() } catch let error as StrangeKey { throw strange(error.place) }
      }
      try await fetch(missing, into: base, &window, until: end)
    }
  }

  // MARK: Reading

  package func read<T: Sendable>(
    _ consistency: Consistency, _ reach: ReadReach,
    _ body: @escaping @Sendable (any StateView, StateMark) throws -> T
  ) async throws -> T {
    let end = ContinuousClock.now + patience
    while true {
      do {
        let base = try await base(consistency, until: end)
        let state = EtcdState(layout, base.fetched)
        let mark = base.mark.mark
        base.readers += 1
        defer {
          base.readers -= 1
          forgetIfLarge(base)
        }
        return try await run(on: base, until: end) { try body(state, mark) }
      } catch EtcdFailure.outOfReach where ContinuousClock.now < end {
        // Compacted meanwhile: what is there now can be read.
        kept = nil
      } catch let error as EtcdFailure {
        throw error.reading
      }
    }
  }

  private func forgetIfLarge(_ base: Base) {
    if base === kept, base.fetched.bytes > Self.mostBytes { kept = nil }
  }

  package func snapshot(_ consistency: Consistency) async throws -> EtcdSnapshot {
    do {
      let base = try await base(consistency, until: .now + patience)
      return EtcdSnapshot(engine: self, mark: base.mark, revision: base.revision)
    } catch let error as EtcdFailure { throw error.reading }
  }

  /// Reads what there was at a revision of etcd.
  func read<T: Sendable>(
    _ snapshot: EtcdSnapshot, _ body: @escaping @Sendable (any StateView) throws -> T
  ) async throws -> T {
    // What a long list visits is not kept.
    let fetched = FetchedKeys()
    fetched.learn(layout.mark, snapshot.record.encoded)
    let base = Base(snapshot.record, modified: 0, revision: snapshot.revision, fetched)
    let state = EtcdState(layout, fetched)
    do {
      return try await run(on: base, until: .now + patience) { try body(state) }
    } catch EtcdFailure.outOfReach {
      throw PDBError(
        .timedOut, "etcd has compacted what was being read", hint: "ask again")
    } catch let error as EtcdFailure { throw error.reading }
  }

  // MARK: Time

  /// The lead that this process has; `nil` if it has none.
  private nonisolated let held = NIOLockedValueBox<FrontLead?>(nil)
  private nonisolated var lead: FrontLead? { held.withLockedValue { $0 } }

  package nonisolated func leaseTime(_ mark: StateMark) -> UInt64 {
    max(mark.lease.time, lead?.time ?? 0)
  }

  package func grantTime() async throws -> UInt64 {
    guard let lead, lead.holds else { throw mustLead }
    return lead.time
  }

  private var mustLead: PDBError {
    PDBError(
      .notSupported, "keys that end need a node in front of etcd, which counts the time",
      hint: "pdb node start --db \(gateway.address)")
  }

  /// This process leads, or goes on to.
  ///
  /// - Parameter claim: etcd's revision of the key that says so.
  func lead(_ claim: Int64, until end: ContinuousClock.Instant) async throws {
    if var lead, lead.claim == claim {
      lead.end = end
      let longer = lead
      return held.withLockedValue { $0 = longer }
    }
    let recorded = try await base(.linearizable, until: end).mark.mark.lease.time
    held.withLockedValue { $0 = FrontLead(claim: claim, until: end, from: recorded) }
  }

  nonisolated func follow() { held.withLockedValue { $0 = nil } }

  /// Ends what is due, while this process leads, until the task is cancelled.
  func expireLeases() async throws {
    while true {
      try await Task.sleep(for: .milliseconds(50))
      guard let work = lead?.work(mark.lease) else { continue }
      let stamp = Stamp(time: .now, author: "", request: nil)
      // What cannot be written down now will be next time; a node that stops does not wait for it.
      _ = try? await propose(
        StampedOperation(stamp: stamp, operation: work), within: .seconds(1))
    }
  }

  package nonisolated var isCurrent: Bool { true }
  package nonisolated var comebacks: Int { 0 }

  // MARK: Changing

  package func propose(_ operation: StampedOperation) async throws -> Receipt {
    try await propose(operation, within: patience)
  }

  private func propose(
    _ operation: StampedOperation, within patience: Duration
  ) async throws -> Receipt {
    var operation = operation
    if operation.stamp.request == nil {
      // A second attempt must be told from a second request.
      let id = RequestID(id: UUID().uuidString.lowercased(), fingerprint: 0, firstSent: nil)
      let stamp = operation.stamp
      operation = StampedOperation(
        stamp: Stamp(time: stamp.time, author: stamp.author, request: id),
        operation: operation.operation)
    }
    guard waiting.count < Limits.proposalsInFlight else {
      throw PDBError(.busy, "too many changes wait for etcd", hint: "try again in a moment")
    }
    let (proposed, end) = (operation, ContinuousClock.now + patience)
    return try await withCheckedThrowingContinuation { continuation in
      waiting.append(Waiting(operation: proposed, end: end, continuation: continuation))
      guard !isCommitting else { return }
      isCommitting = true
      Task { await commitWaiting() }
    }
  }

  private static let groupSize = 64

  private func commitWaiting() async {
    while !waiting.isEmpty {
      let group = Array(waiting.prefix(Self.groupSize))
      waiting.removeFirst(group.count)
      let now = ContinuousClock.now
      for late in group where late.end <= now {
        late.continuation.resume(
          throwing: PDBError(.timedOut, "etcd was too slow for all that waited for it"))
      }
      await commit(group.filter { $0.end > now })
    }
    isCommitting = false
  }

  private func commit(_ group: [Waiting]) async {
    guard let end = group.map(\.end).min() else { return }
    do {
      let results = try await make(group.map(\.operation), until: end)
      for (waiting, result) in zip(group, results) { waiting.continuation.resume(with: result) }
    } catch let error as PDBError where group.count > 1 && Self.isAboutOne(error) {
      await commit(Array(group[..<(group.count / 2)]))
      await commit(Array(group[(group.count / 2)...]))
    } catch {
      for waiting in group { waiting.continuation.resume(throwing: error) }
    }
  }

  /// Whether a group may be refused for what only some of it are.
  private static func isAboutOne(_ error: PDBError) -> Bool {
    error.outcome == .notApplied
      && [.bodyTooLarge, .notSupported, .notLeader].contains(error.code)
  }

  /// What operations came to, and what is to be written for it.
  private struct Made {
    var results: [Result<Receipt, any Error>] = []
    var mark: StateMark
    var written: [Bytes: Bytes?] = [:]
    var revisions: [RecordedRevision] = []
  }

  /// Makes operations, all in one transaction.
  private func make(
    _ operations: [StampedOperation], until end: ContinuousClock.Instant
  ) async throws -> [Result<Receipt, any Error>] {
    let requests = operations.compactMap { $0.stamp.request.map { layout.request($0.id) } }
    let needsLead = operations.contains { $0.operation.leaseTime != nil }
    // Whether an attempt may have been taken, or may be yet.
    var isUnknown = false
    do {
      while true {
        let base: Base
        let made: Made
        do {
          base = try await current(requests, until: end)
          // If the mark has left that of the attempt, no late copy of it can pass, and if it passed its
          // answers are found.
          isUnknown = false
          made = try await apply(operations, on: base, until: end)
        } catch EtcdFailure.outOfReach where ContinuousClock.now < end {
          // Compacted since it was kept.
          kept = nil
          continue
        } catch let failure as EtcdFailure where !isUnknown {
          // Nothing was sent yet that changes anything.
          kept = nil
          throw failure.reading
        } catch let error as PDBError where isUnknown {
          throw PDBError(
            error.code, error.message, outcome: .unknown, hint: error.hint,
            details: error.details)
        }
        guard !made.written.isEmpty else { return made.results }
        guard let mark = try await mark(of: made, of: operations.count, after: base, until: end)
        else {
          kept = nil
          continue
        }
        let claim = needsLead ? lead?.claim : nil
        guard needsLead == (claim != nil) else { throw mustLead }
        if let revision = try await send(
          made.written, mark, after: base, claim, &isUnknown, until: end)
        {
          await learn(made, mark, base, revision, until: end)
          return made.results
        }
        // Another program was faster, or leads now.
        kept = nil
        if mark.pending != nil { await takeBack(mark.nonce) }
        if let claim { try await check(claim, isUnknown, until: end) }
        guard ContinuousClock.now < end else {
          throw PDBError(
            .busy, "too many programs change the database at once",
            outcome: isUnknown ? .unknown : .notApplied)
        }
      }
    } catch let failure as EtcdFailure {
      kept = nil
      throw failure.changing(isUnknown: isUnknown)
    }
  }

  /// - Throws: if this process leads no longer.
  private func check(
    _ claim: Int64, _ isUnknown: Bool, until end: ContinuousClock.Instant
  ) async throws {
    let answer = try await ranges([.init(layout.leader)], at: 0, until: end)
    guard answer.found[0].pairs.first?.modified != claim else { return }
    follow()
    throw PDBError(
      .noLeader, "this node does not lead any longer",
      outcome: isUnknown ? .unknown : .notApplied, hint: "send it again in a moment")
  }

  private func current(
    _ places: [Bytes], until end: ContinuousClock.Instant
  ) async throws -> Base {
    // If it is old the transaction fails, and what is there is read.
    if let kept { return kept }
    return try await base(.linearizable, places, until: end)
  }

  private func apply(
    _ operations: [StampedOperation], on base: Base, until end: ContinuousClock.Instant
  ) async throws -> Made {
    var made = Made(mark: base.mark.mark)
    let first = made.mark.appliedIndex + 1
    let machine = StateMachine(storage: EtcdState(layout, base.fetched), mark: made.mark.data)
    // What any of them asks for is fetched together.
    let (after, rulings) = try await run(on: base, until: end) {
      var trial = machine
      var rulings: [Ruling] = []
      for (index, operation) in zip(first..., operations) {
        try trial.forget(at: index, operation.stamp.time)
        rulings.append(try trial.apply(operation, at: LogPosition(index: index, term: 0)))
      }
      return (trial, rulings)
    }
    made.results = rulings.map { ruling in
      ruling.decision.map { Receipt($0, revision: ruling.revision) }.mapError { $0 as any Error }
    }
    made.revisions = rulings.compactMap(\.made)
    made.mark.appliedIndex += UInt64(operations.count)
    made.mark.data = after.mark
    made.written = after.storage.written.all
    return made
  }

  /// The mark that the change comes to; what is larger than one request is put aside first.
  ///
  /// - Returns: `nil` if another program was faster.
  private func mark(
    of made: Made, of count: Int, after base: Base, until end: ContinuousClock.Instant
  ) async throws -> MarkRecord? {
    var mark = MarkRecord(made.mark)
    guard AsideChange.isNeeded(for: made.written) else { return mark }
    guard count == 1 else {
      throw PDBError(.bodyTooLarge, "\(count) changes are larger than one request of etcd")
    }
    mark.pending = UInt64(made.written.count)
    do {
      let isStill = try await putAside(
        made.written, mark.nonce, after: base.mark, modified: base.modified, until: end)
      if isStill { return mark }
    } catch let failure as EtcdFailure {
      await takeBack(mark.nonce)
      // What lies aside is nothing without the mark.
      throw failure.reading
    }
    await takeBack(mark.nonce)
    return nil
  }

  /// Writes, if the mark is still that of the base.
  ///
  /// - Parameter claim: the lead that must still be held.
  /// - Returns: etcd's revision; `nil` if the mark has moved.
  private func send(
    _ written: [Bytes: Bytes?], _ mark: MarkRecord, after base: Base, _ claim: Int64?,
    _ isUnknown: inout Bool, until end: ContinuousClock.Instant
  ) async throws -> Int64? {
    var requests: [EtcdRequest] = []
    if mark.pending == nil {
      requests = written.map { place, value in value.map { .put(place, $0) } ?? .delete(place) }
    }
    requests.append(.put(layout.mark, mark.encoded))
    var compare = isStill(base.mark, modified: base.modified)
    if let claim {
      compare.append([
        "key": .string(layout.leader.base64), "target": "MOD",
        "mod_revision": .string(String(claim)),
      ])
    }
    let body: JSON = [
      "compare": .array(compare),
      "success": .array(EtcdRequest.parts(requests)),
    ]
    let bytes = ByteBuffer(bytes: body.serialized())
    var last = EtcdFailure.unreachable("no member answers")
    for attempt in 0... {
      do {
        let answer = try await gateway.send("/v3/kv/txn", bytes, attempt, until: end)
        return answer["succeeded"]?.bool == true ? answer.etcdRevision : nil
      } catch let failure as EtcdFailure {
        switch failure {
        case .unknown:
          isUnknown = true
          // That the disk is full says more than that the time was over in the end.
          if !last.isAboutSpace { last = failure }
        // An earlier attempt may have been taken all the same.
        case .refused, .outOfReach:
          guard isUnknown else { throw failure }
        case .unreachable: if !isUnknown { last = failure }
        }
      }
      guard ContinuousClock.now < end else { break }
      try await gateway.pause(after: attempt)
    }
    throw last
  }

  /// That the mark is the one that it was.
  func isStill(_ mark: MarkRecord, modified: Int64) -> [JSON] {
    let key = JSON.string(layout.mark.base64)
    return [
      ["key": key, "target": "MOD", "mod_revision": .string(String(modified))],
      ["key": key, "target": "VALUE", "value": .string(mark.encoded.base64)],
    ]
  }

  private func learn(
    _ made: Made, _ mark: MarkRecord, _ base: Base, _ revision: Int64,
    until end: ContinuousClock.Instant
  ) async {
    if let change = AsideChange(mark, modified: revision) {
      kept = nil
      // It is made. If it cannot be finished now, the next reader or writer does.
      try? await finishTogether(change, until: end)
      return
    }
    // The watch may have been faster, and may have told of later changes by others.
    guard revision >= lastModified else { return }
    let fetched = base.readers == 0 ? base.fetched : base.fetched.copy()
    for (place, value) in made.written { fetched.learn(place, value) }
    fetched.learn(layout.mark, mark.encoded)
    kept = Base(mark, modified: revision, revision: revision, fetched)
    lastModified = revision
    seen.revision = max(seen.revision, revision)
    note(mark.mark, made.revisions)
    if fetched.bytes > Self.mostBytes { kept = nil }
  }

  // MARK: Beginning

  /// Which database stands below the prefix; `nil` if none does.
  func identity() async throws -> ClusterIdentity? {
    do {
      let answer = try await ranges([.init(layout.format)], at: 0, until: .now + patience)
      return try answer.found[0].pairs.first.map { try FormatRecord($0.value).identity }
    } catch let error as EtcdFailure { throw error.reading }
  }

  /// Makes a database, unless there is one.
  ///
  /// - Returns: whether there was none.
  func begin(_ identity: ClusterIdentity) async throws -> Bool {
    var mark = StateMark()
    mark.data.version = .newest
    let puts = [
      EtcdRequest.put(layout.format, FormatRecord(identity).encoded),
      .put(layout.mark, MarkRecord(mark).encoded),
    ]
    let body: JSON = [
      "compare": [
        [
          "key": .string(layout.format.base64), "target": "CREATE", "create_revision": "0",
        ]
      ],
      "success": .array(puts.map(\.json)),
    ]
    do {
      let answer = try await gateway.ask("/v3/kv/txn", body, until: .now + patience)
      return answer["succeeded"]?.bool == true
    } catch let error as EtcdFailure { throw error.changing(isUnknown: false) }
  }
}

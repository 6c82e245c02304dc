// The state: `node_4000.db`. Current keys, history, remembered requests.
//
// Entries are applied in a transaction that stays open over many of them, because a commit costs
// more than what it commits. Nothing is lost by that: the log is what is durable, and a state that
// comes back older is brought up to date from it. The connection that writes sees what is not
// committed yet, so small reads go there; large ones have it committed first and then use
// connections of their own.
//
// An SQLite database (WAL, synchronous=NORMAL: after a power cut it may lag the log, which
// then replays); StateTables.swift specifies its tables. A state that was received whole
// waits beside it as `node_4000.db.received-INDEX` until the log has made room for it.

import Foundation
import GRDB
import NIOConcurrencyHelpers
package import NIOPosix
package import PDBCoordinator
package import PDBModel
package import Raft

/// The state machine of one node, on disk. One writer, many readers.
package final class StateStore: Sendable {
  package let path: String
  /// Where large values stand.
  let log: LogStore?
  private let rules: any StateRules
  private let keepsJournal: Bool
  private let pool: NIOLockedValueBox<DatabasePool>
  private let open: NIOLockedValueBox<OpenTransaction>
  private let journal = JournalGauge()
  /// Held while another connection moves the journal into the file: the file must stay in its place.
  private let checkpointing = NIOLock()

  /// What is applied and not committed.
  private struct OpenTransaction {
    var mark: StateMark
    /// How far the state has come that all connections see.
    var committedIndex: Index
    /// Kept until they are committed: a full disk may throw all of them out of the transaction.
    var entries: [Entry] = []
    var bytes = 0
    /// Whether it was rolled back, so that the entries must be applied once more.
    var isLost = false
    /// Whether a long change has the connection for itself.
    var isBusy = false

    init(mark: StateMark) {
      self.mark = mark
      committedIndex = mark.appliedIndex
    }
  }

  /// - Parameters:
  ///   - membership: the members of a new cluster; a state that exists knows its own.
  ///   - log: where the entries come from; large values stay there. `nil` to keep all values here.
  ///   - keepsJournal: whether what stands in the journal stays there when the state is closed, for a
  ///     program that opens it only for a moment.
  ///   - rules: others than those of production only to see what breaks.
  package init(
    path: String, membership: Membership = Membership([]), log: LogStore? = nil,
    keepsJournal: Bool = false, rules: any StateRules = SoundState()
  ) throws {
    self.path = path
    self.keepsJournal = keepsJournal
    self.log = log
    self.rules = rules
    let pool = try Self.open(path, membership, journal, keepsJournal)
    self.pool = NIOLockedValueBox(pool)
    let mark = try SQLite.open(path) { try pool.read { try StateTables(db: $0).mark() } }
    open = NIOLockedValueBox(OpenTransaction(mark: mark))
  }

  private static func open(
    _ path: String, _ membership: Membership, _ journal: JournalGauge, _ keepsJournal: Bool
  ) throws -> DatabasePool {
    try SQLite.open(path) {
      var configuration = SQLite.configuration(keepsJournal: keepsJournal)
      configuration.allowsUnsafeTransactions = true
      let pool = try DatabasePool(path: path, configuration: configuration)
      try SQLite.setDurability(.normal, of: pool)
      try pool.writeWithoutTransaction { db in
        journal.watch(db)
        if try StateTables.isMade(db) { return }
        try db.inTransaction(.immediate) {
          try StateTables.create(db)
          var mark = StateMark()
          mark.membership = membership
          try StateTables(db: db).write(mark)
          return .commit
        }
      }
      return pool
    }
  }

  /// Opens the state that belongs to a log, and completes what a crash may have interrupted. What is
  /// in it is checked where it is read.
  ///
  /// - Parameter mark: where the log begins.
  /// - Throws: `corrupt` for a state that ends before the log begins.
  package convenience init(
    _ path: String, log: LogStore, beginningAfter mark: SnapshotMark, keepsJournal: Bool = false
  ) throws {
    try Self.recover(path, logBegin: mark, keepsJournal: keepsJournal)
    try self.init(
      path: path, membership: mark.index == 0 ? mark.membership : Membership([]), log: log,
      keepsJournal: keepsJournal)
    let appliedIndex = self.mark().appliedIndex
    guard appliedIndex >= mark.index else {
      try closeFiles()
      throw SQLite.damaged(
        path, "it ends at entry \(appliedIndex), but the log begins after \(mark.index)")
    }
  }

  /// The state as the connection that writes sees it.
  private func tables(_ db: Database) -> StateTables {
    StateTables(db: db, values: log?.values())
  }

  var current: DatabasePool { pool.withLockedValue { $0 } }

  /// How far the state has come, committed or not.
  package func mark() -> StateMark { open.withLockedValue { $0.mark } }

  /// Compares every pair with the sum that was kept while they were written.
  ///
  /// - Throws: `corrupt` if anything was altered.
  package func verify() throws {
    let values = log?.values()
    try SQLite.open(path) {
      try current.read { try Self.verify(StateTables(db: $0, values: values), path) }
    }
  }

  /// The same while the node runs; readers and the writer go on meanwhile.
  package func scrub() async throws {
    let (pool, path, values) = (current, path, log?.values())
    do {
      try await pool.read { try Self.verify(StateTables(db: $0, values: values), path) }
    } catch let error as DatabaseError where SQLite.isDamage(error) {
      throw SQLite.damaged(path, error.message ?? "unreadable")
    } catch let error as DatabaseError where error.resultCode == .SQLITE_MISUSE {
      // The state was replaced meanwhile, and verified on that occasion.
    }
  }

  private static func verify(_ tables: StateTables, _ path: String) throws {
    if let damage = try SQLite.structuralDamage(tables.db) { throw SQLite.damaged(path, damage) }
    let mark = try tables.mark()
    guard try tables.contentHashes(withOld: false).current == mark.hash else {
      throw SQLite.damaged(path, "a key or a value was altered")
    }
    try tables.verifyRows(after: mark.compactedRevision, through: mark.revision)
  }

  // MARK: Reading

  /// Runs `body`, which looks at a few keys, at once, on the connection that writes and so sees what
  /// is not committed.
  ///
  /// - Returns: `nil` while a long change has that connection for itself.
  package func readOnWriter<T>(_ body: (any StateView, StateMark) throws -> T) throws -> T? {
    let (isBusy, isLost) = open.withLockedValue { ($0.isBusy, $0.isLost) }
    guard !isBusy else { return nil }
    return try current.unsafeReentrantWrite { db in
      if isLost { try orGiveUp(db) { try restore(db) } }
      // Outside of a transaction every look would take and give back a lock on the file.
      if !db.isInsideTransaction { try db.beginTransaction(.deferred) }
      return try body(tables(db), mark())
    }
  }

  /// Runs `body` on one consistent view of the state, beside all others.
  package func read<T: Sendable>(
    _ body: @escaping @Sendable (any StateView, StateMark) throws -> T
  ) async throws -> T {
    let pool = current
    do { try commitPending() } catch  where SQLite.isFull(error) {
      // Only the writer can see what was applied then: in memory, where it needs no space.
      return try await pool.writeWithoutTransaction { [self] db in
        try orGiveUp(db) { try restore(db) }
        return try body(tables(db), mark())
      }
    }
    do {
      let values = log?.values()
      return try await pool.read { db in
        let tables = StateTables(db: db, values: values)
        return try body(tables, try tables.mark())
      }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_MISUSE {
      // The state was replaced by a received one just now.
      guard current !== pool else { throw error }
      return try await read(body)
    }
  }

  // MARK: Applying

  /// How much may be applied before it is committed.
  private static let openEntries = 2_000
  private static let openBytes = 4 << 20

  /// Applies committed entries in order.
  ///
  /// - Throws: what SQLite throws. When the disk is full the same call will succeed later; what was
  ///   applied before can be read meanwhile.
  package func apply(_ entries: [Entry]) throws -> (applied: [Applied], mark: StateMark) {
    try current.writeWithoutTransaction { db in
      let isEnough = open.withLockedValue { open in
        open.entries.count >= Self.openEntries || open.bytes >= Self.openBytes
      }
      // Before, not after: once there are answers they must not be lost by a full disk.
      if isEnough { try commit(db) }
      return try apply(entries, db)
    }
  }

  private func apply(_ entries: [Entry], _ db: Database) throws -> ([Applied], StateMark) {
    try orGiveUp(db) {
      try restore(db)
      if !db.isInsideTransaction { try db.beginTransaction(.immediate) }
      var machine = Replica(storage: tables(db), mark: mark(), rules: rules)
      let applied = try entries.compactMap { try apply($0, to: &machine) }
      open.withLockedValue { open in
        open.mark = machine.mark
        open.entries += entries
        open.bytes += entries.reduce(0) { $0 + $1.byteCount }
      }
      return (applied, machine.mark)
    }
  }

  private func apply(_ entry: Entry, to machine: inout Replica<StateTables>) throws -> Applied? {
    machine.storage.source = log.map { ($0, entry) }
    return try machine.apply(entry)
  }

  /// Applies once more what was thrown out of the transaction.
  private func restore(_ db: Database) throws {
    let lost = open.withLockedValue { $0 }
    guard lost.isLost else { return }
    try db.beginTransaction(.immediate)
    let tables = tables(db)
    var machine = Replica(storage: tables, mark: try tables.mark(), rules: rules)
    for entry in lost.entries { _ = try apply(entry, to: &machine) }
    open.withLockedValue { $0.isLost = false }
  }

  /// Commits what was applied, so that all connections see it; ends a transaction that only
  /// looked, for it would keep the journal from being begun anew.
  ///
  /// A store that is let go with entries that are not committed loses them: they are in the log.
  ///
  /// - Throws: what SQLite throws. When the disk is full the same call will succeed later.
  package func commitPending() throws {
    // A long change ends committed, and has the connection for itself until then.
    guard !open.withLockedValue({ $0.isBusy }) else { return }
    try current.writeWithoutTransaction { try commit($0) }
  }

  /// The same where it can wait: while the disk is full the state is right in memory, and who opens it
  /// next makes it so again from the log.
  package func commitIfPossible() throws {
    do { try commitPending() } catch  where SQLite.isFull(error) {}
  }

  private func commit(_ db: Database) throws {
    try orGiveUp(db) {
      try restore(db)
      guard db.isInsideTransaction else { return }
      let before = open.withLockedValue { $0 }
      if !before.entries.isEmpty { try StateTables(db: db).write(before.mark) }
      try db.commit()
      open.withLockedValue { open in
        open.entries = []
        open.bytes = 0
        open.committedIndex = before.mark.appliedIndex
      }
    }
  }

  /// When `body` fails the transaction is given up: what is in it will be applied once more.
  private func orGiveUp<T>(_ db: Database, _ body: () throws -> T) throws -> T {
    do { return try body() } catch {
      if db.isInsideTransaction { try db.rollback() }
      open.withLockedValue { $0.isLost = !$0.entries.isEmpty }
      throw error
    }
  }

  /// Changes the tables beside what is applied, in the same transaction.
  func withTables<T>(_ body: (StateTables) throws -> T) throws -> T? {
    guard !open.withLockedValue({ $0.isBusy }) else { return nil }
    return try current.writeWithoutTransaction { db in
      try orGiveUp(db) {
        try restore(db)
        if !db.isInsideTransaction { try db.beginTransaction(.immediate) }
        return try body(tables(db))
      }
    }
  }

  private static let uncopyable = PDBError(
    .diskFull, "the disk is full, so this node cannot make a copy of its state now",
    hint: "ask another node, or make space")

  /// The same as ``apply(_:)`` for changes that take long, so that the caller can do other work
  /// meanwhile; ends committed.
  package func applyLong(
    _ entries: [Entry], on threads: NIOThreadPool
  ) async throws -> (applied: [Applied], mark: StateMark) {
    try commitPending()
    open.withLockedValue { $0.isBusy = true }
    defer { open.withLockedValue { $0.isBusy = false } }
    return try await threads.runIfActive { [self] in
      try current.writeWithoutTransaction { db in
        let result = try apply(entries, db)
        // There are answers now; when the disk is full they are committed later.
        do { try commit(db) } catch  where SQLite.isFull(error) {}
        return result
      }
    }
  }

  /// Moves what was committed from the journal into the file when the journal is long, so that it
  /// can be begun anew. Most of it is done on another thread, beside all other work; what was
  /// committed meanwhile follows at once, because the journal begins anew only when nothing is left
  /// in it (sqlite.org/wal.html, section 3.1).
  package func checkpoint(on threads: NIOThreadPool) async throws {
    guard journal.pages >= Self.longJournalPages else { return }
    do {
      try await threads.runIfActive { [self] in
        try checkpointing.withLock {
          try SQLite.plainQueue(path).writeWithoutTransaction { _ = try $0.checkpoint(.passive) }
        }
      }
      try finishCheckpoint()
    } catch  where SQLite.isFull(error) || SQLite.isPassing(error) {
      // What is committed is safe in the journal, which only grows until the next time.
    }
  }

  /// The same at once, for a program that has nothing else to do. The journal is left empty: another
  /// process that finds it does not know what of it is in the file already.
  package func checkpoint(beyond pages: Int) throws {
    guard journal.pages >= pages else { return }
    do { try finishCheckpoint(.truncate) } catch
      where SQLite.isFull(error) || SQLite.isPassing(error)
    {}
  }

  private func finishCheckpoint(_ mode: Database.CheckpointMode = .passive) throws {
    guard !open.withLockedValue({ $0.isBusy }) else { return }
    try commitPending()
    try current.writeWithoutTransaction { _ = try $0.checkpoint(mode) }
  }

  private static let longJournalPages = 1_000

  /// Makes everything applied so far survive a power cut, and tells how far that is.
  package func makeDurable(on threads: NIOThreadPool) async throws -> Index {
    try commitPending()
    let index = open.withLockedValue { $0.committedIndex }
    try await threads.runIfActive { [self] in try syncJournal() }
    return index
  }

  /// The same at once.
  package func makeDurable() throws -> Index {
    try commitPending()
    try syncJournal()
    return open.withLockedValue { $0.committedIndex }
  }

  /// The journal alone decides: a checkpoint syncs the database before it reuses the journal.
  private func syncJournal() throws {
    let descriptor = Foundation.open(path + "-wal", O_RDONLY)
    guard descriptor >= 0 else { throw Self.unsynced }
    defer { close(descriptor) }
    #if canImport(Darwin)
      let isDone = fcntl(descriptor, F_FULLFSYNC) == 0
    #else
      let isDone = fdatasync(descriptor) == 0
    #endif
    guard isDone else { throw Self.unsynced }
  }

  private static var unsynced: DatabaseError {
    DatabaseError(
      resultCode: .SQLITE_IOERR, message: "cannot sync the state's journal: error \(errno)")
  }

  // MARK: Sending and receiving

  /// A view of the state as it is now, to be read piece by piece.
  ///
  /// - Parameter whenDamaged: is told of damage that is met while it is read, and says what is thrown.
  package func snapshot(
    whenDamaged: @escaping @Sendable (any Error) -> any Error = { $0 }
  ) throws -> StateSnapshot {
    do { try commitPending() } catch  where SQLite.isFull(error) { throw Self.uncopyable }
    let values = log?.values()
    return try StateSnapshot(try current.makeSnapshot(), values, whenDamaged: whenDamaged)
  }

  /// Puts the state that was received up to `index` in the place of this one. The log must
  /// begin after that entry already.
  package func install(_ index: Index) throws {
    // What is open is part of what was received.
    try current.writeWithoutTransaction { db in
      if db.isInsideTransaction { try db.rollback() }
    }
    checkpointing.lock()
    defer { checkpointing.unlock() }
    let mark = try pool.withLockedValue { pool in
      try pool.close()
      try StateStaging.install(index, at: path)
      pool = try Self.open(path, Membership([]), journal, keepsJournal)
      return try pool.read { try StateTables(db: $0).mark() }
    }
    open.withLockedValue { $0 = OpenTransaction(mark: mark) }
  }

  /// Lets go of the files; nothing can be read or written any more.
  package func closeFiles() throws { try current.close() }

  /// Puts a damaged state aside, in the place of an earlier one.
  package static func setAside(_ path: String) throws {
    for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
    guard rename(path, path + ".damaged") == 0 || errno == ENOENT else {
      throw DatabaseError(
        resultCode: .SQLITE_IOERR, message: "cannot put the damaged state aside: error \(errno)")
    }
  }

  /// Puts a state that was received in the place of one that is not there any more.
  package static func installReceived(_ index: Index, at path: String) throws {
    try StateStaging.install(index, at: path)
  }

  /// Completes what a crash may have interrupted, before the state is opened: when the log
  /// begins beyond the state, the state that was received meanwhile takes its place.
  ///
  /// - Parameter keepsJournal: whether what stands in the journal stays there; else it is moved into the
  ///   file.
  package static func recover(
    _ path: String, logBegin mark: SnapshotMark, keepsJournal: Bool = false
  ) throws {
    if StateStaging.isReceived(mark.index, beside: path) {
      try StateStaging.install(mark.index, at: path)
    }
    try StateStaging.discardLeftovers(beside: path)
    if !(keepsJournal && StateUpgrade.isCurrent(path)) { try StateUpgrade.run(path) }
  }
}

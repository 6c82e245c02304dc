// The storage code of production under a simulated node, in step with the model of it.
//
// Everything that the model (`StoredLog`, `MemoryState`) is told, the real log and the real state are told
// too, on a disk in memory. When the process ends the disk loses what it may lose; what the real code then
// finds there must be one of the things that the model allows, and the node goes on with that.

import MemoryFiles
import PDBCoordinator
import PDBModel
import PDBStorage
import Raft

/// A node's files, and the code that reads and writes them.
final class RealStorage {
  let identity: Identity
  /// The members that a state without entries knows.
  private let members: Membership
  var rules: PlantedRules
  var dice: Dice
  /// What was recognised since the last look.
  private var noted: [Situation] = []

  private(set) var disk = MemoryDisk()
  private(set) var database = MemoryDatabase()
  private var log: LogStore
  /// `nil` while the process is down.
  private var state: StateStore?

  /// The states that were committed to this database, by index: one of them is what a crash leaves. Also
  /// one that a power cut took back may return: what a journal held behind a tear counts again when the
  /// same is written once more before it (sqlite.org/fileformat2.html#walformat).
  private(set) var commits: [Index: Machine]
  /// The last of them in this life.
  private var lastCommit: Index = 0
  /// A process finds no older state than this.
  private var floor: Index = 0
  /// The log after each frame since syncs began to lie, oldest first.
  private(set) var claims: [StoredLog] = []
  /// Up to where the state was said to be durable.
  private var durableIndex: Index = 0
  /// Whether syncs do nothing in this life.
  private(set) var isLying = false
  /// Whether nothing was being written when the process was killed: then the log is to the last bit
  /// what it was.
  private(set) var isQuiet = false
  /// Whether the batches that wait for room are in the log already.
  private var isAhead = false
  /// Whether the log could not note where it ends.
  private var isEndOld = false

  init(
    _ node: NodeID, beginning mark: SnapshotMark, members: Membership, _ machine: Machine,
    rules: PlantedRules, seed: UInt64
  ) throws {
    identity = Identity(
      cluster: "simulation", node: node, address: NodeAddress(host: "node\(node)", port: 1),
      incarnation: 1)
    self.members = members
    self.rules = rules
    dice = Dice(seed: seed)
    commits = [machine.mark.appliedIndex: machine]
    log = RealStorage.makeLog(on: disk, rules.bug)
    try log.bootstrap(identity, mark)
    state = try StateStore(
      path: database.path, membership: mark.membership, log: log, rules: rules)
    database.sync()
    if rules.bug == .syncsNoLog { disk.lie() }
  }

  deinit { close() }

  private var bug: PlantedBug? { rules.bug }

  func makeLog(on disk: MemoryDisk) -> LogStore { Self.makeLog(on: disk, bug) }

  /// Small segments, so that they are full and used again.
  private static func makeLog(on disk: MemoryDisk, _ bug: PlantedBug?) -> LogStore {
    LogStore(
      bug == .ignoresLogEnd ? DiskWithoutEnd(disk: disk) : disk, name: logName,
      segmentBytes: 4 << 10)
  }

  static let logName = "node.log"

  func note(_ situation: Situation) { noted.append(situation) }

  func takeNoted() -> [Situation] {
    defer { noted = [] }
    return noted
  }

  private func close() {
    try? state?.closeFiles()
    state = nil
    database.remove()
  }

  // MARK: Writing

  /// Writes batches as one frame.
  ///
  /// - Parameter after: the log that they make.
  func write(_ batches: [Persist], making after: StoredLog) throws {
    if isAhead {
      isAhead = false
    } else if batches.contains(where: \.hasContent) {
      try log.append(batches)
      isEndOld = false
    }
    if isLying { claims.append(after) }
  }

  /// Tries to write to a disk that is full.
  func writeInVain(_ batches: [Persist]) throws {
    guard !isAhead, batches.contains(where: \.hasContent) else { return }
    disk.fail(after: dice.below(4), .full, doneBytes: dice.below(600))
    defer { disk.heal() }
    do {
      try log.append(batches)
      // It became full when all was written.
      isAhead = true
      isEndOld = true
    } catch  where DiskFailure.isFullDisk(error) { note(.realDiskFull) }
  }

  // MARK: The state

  /// Applies entries and compares what comes of it.
  func apply(_ entries: [Entry], expecting applied: [Applied], _ machine: Machine) throws {
    let (real, mark) = try state!.apply(entries)
    try Self.compare(real, applied, of: identity.node)
    guard mark == machine.mark else {
      throw Violation(.storage, "the state of node \(identity.node) is at \(mark.appliedIndex)")
    }
    if dice.chance(300) { try commit(machine) }
  }

  static func compare(_ real: [Applied], _ expected: [Applied], of node: NodeID) throws {
    for (one, other) in zip(real, expected)
    where one.index != other.index || one.hash != other.hash || one.revision != other.revision
      || one.decision?.encoded() != other.decision?.encoded()
    {
      throw Violation(
        .storage, "the stored state of node \(node) answers entry \(other.index) otherwise")
    }
    guard real.count == expected.count else {
      throw Violation(.storage, "the stored state of node \(node) skips entries")
    }
  }

  private func commit(_ machine: Machine) throws {
    try state!.commitPending()
    lastCommit = machine.mark.appliedIndex
    commits[lastCommit] = machine
    if dice.chance(200) { database.checkpoint() }
  }

  /// Nothing can be committed while the disk is full, and nothing is lost by that.
  func commitInVain(_ machine: Machine) throws {
    database.fill(true)
    defer { database.fill(false) }
    do { try commit(machine) } catch  where SQLite.isFull(error) { note(.realStateFull) }
  }

  func makeDurable(_ machine: Machine) throws {
    try commit(machine)
    if bug != .syncsNoState { database.syncJournal() }
    durableIndex = machine.mark.appliedIndex
  }

  func read(_ key: Bytes) throws -> StoredValue? {
    try state!.readOnWriter { view, _ in try view.get(key) } ?? nil
  }

  /// A state that was received takes the place of this one.
  ///
  /// - Parameter entries: what leads up to it, from the first on.
  func install(_ machine: Machine, from entries: ArraySlice<Entry>) throws {
    close()
    database = MemoryDatabase()
    try open()
    let mark = try state!.apply(Array(entries)).mark
    guard mark == machine.mark else {
      throw Violation(
        .storage, "the entries up to \(machine.mark.appliedIndex) lead to another stored state")
    }
    try state!.commitPending()
    database.sync()
    if isLying { database.lie() }
    (durableIndex, lastCommit) = (mark.appliedIndex, mark.appliedIndex)
    commits = [lastCommit: machine]
  }

  private func open() throws {
    state = try StateStore(path: database.path, membership: members, log: log, rules: rules)
  }

  /// The whole state must be the model's.
  func check(_ machine: Machine) throws {
    try state!.compare(with: machine, of: identity.node)
  }

  // MARK: Crashes

  /// The process ends, or the power fails, while batches are being written.
  ///
  /// - Parameter durable: the log without them.
  /// - Returns: how many of the batches are in the log.
  func crash(
    writing batches: [Persist], after durable: StoredLog, losesPower: Bool
  ) throws -> Int {
    let isWriting = !isAhead && batches.contains { $0.hasContent }
    isQuiet = !isWriting && !losesPower && !isEndOld
    if isWriting {
      disk.fail(after: dice.below(7), .crash, doneBytes: dice.below(800))
      do { try log.append(batches) } catch is MemoryDisk.Crash {}
    }
    var outcomes = [durable]
    for batch in batches {
      var next = outcomes.last!
      try next.write(batch)
      outcomes.append(next)
    }
    floor = losesPower && !isLying ? durableIndex : lastCommit
    if isLying, losesPower { try judgeLostDisk(claims + outcomes) }
    try loseFiles(power: losesPower && !isLying)
    isAhead = false
    return try kept(of: outcomes)
  }

  private func loseFiles(power losesPower: Bool) throws {
    let old = database
    if losesPower {
      disk = disk.afterPowerCut(&dice)
      database = old.afterPowerCut(survival: dice.pick([0, 500, 900, 1000]), seed: dice.next())
    } else {
      // Lies end with the process; what they left behind counts as written.
      disk = isLying ? disk.copy() : disk.afterKill()
      database = old.afterKill()
      if isLying { database.sync() }
    }
    isLying = false
    claims = []
    try? state?.closeFiles()
    state = nil
    old.remove()
  }

  /// Which of the logs that there may be is there.
  private func kept(of outcomes: [StoredLog]) throws -> Int {
    let probe = makeLog(on: disk.copy())
    let contents: LogContents?
    do { contents = try probe.load() } catch {
      throw Violation(.storage, "the log of node \(identity.node) cannot be read: \(error)")
    }
    guard let contents, let kept = outcomes.lastIndex(where: { $0.isSame(as: contents) }) else {
      throw Violation(
        .storage,
        "the log of node \(identity.node) comes back with \(contents?.lastIndex ?? 0) as its last"
          + " entry; \(outcomes[0].lastIndex) was durable")
    }
    if kept < outcomes.count - 1 { note(.tornRealTail) }
    return kept
  }

  /// The process starts again.
  ///
  /// - Parameter durable: what the log must hold.
  /// - Returns: the state that it finds.
  func restart(_ durable: StoredLog, entries: [Entry]) throws -> Machine {
    if dice.chance(300) { try judgeFlippedLog(durable) }
    if dice.chance(300) { try judgeFlippedState(durable, entries) }
    log = makeLog(on: disk)
    guard let contents = try log.load(), durable.isSame(as: contents) else {
      throw Violation(.storage, "node \(identity.node) finds another log than it left")
    }
    do {
      try open()
      try state!.verify()
    } catch {
      throw Violation(.storage, "the state of node \(identity.node) is damaged: \(error)")
    }
    let index = state!.mark().appliedIndex
    guard index >= floor, let known = commits[index] else {
      throw Violation(
        .storage,
        "the state of node \(identity.node) comes back at \(index), not at \(floor) or later")
    }
    if index < lastCommit { note(.olderRealState) }
    lastCommit = index
    try state!.compare(with: known, of: identity.node)
    beginLife(with: durable)
    return known
  }

  private func beginLife(with log: StoredLog) {
    isLying = dice.chance(150)
    if isLying { claims = [log] }
    if isLying || bug == .syncsNoLog { disk.lie() }
    if isLying { database.lie() }
  }
}

extension Persist {
  /// Whether there is anything to write.
  var hasContent: Bool {
    hardState != nil || !entries.isEmpty || snapshot != nil || compaction != nil
      || !confirmed.isEmpty
  }
}

extension StoredLog {
  func isSame(as contents: LogContents) -> Bool {
    mark == contents.mark && hardState == contents.hardState && entries == contents.entries
      && confirmed == contents.confirmed
  }
}

/// A disk on which the log does not find what it noted of its end: a planted bug.
private struct DiskWithoutEnd: Disk {
  let disk: MemoryDisk

  private struct Blank: DiskFile {
    let file: any DiskFile

    func size() throws -> Int { 0 }
    func read(_ count: Int, at offset: Int) throws -> Bytes { [] }
    func write(_ bytes: Bytes, at offset: Int) throws { try file.write(bytes, at: offset) }
    func reserve(_ size: Int) throws { try file.reserve(size) }
    func sync() throws { try file.sync() }
  }

  func names() throws -> [String] { try disk.names() }
  func open(_ name: String) throws -> any DiskFile {
    let file = try disk.open(name)
    return name == RealStorage.logName + "-end" ? Blank(file: file) : file
  }
  func rename(_ name: String, to other: String) throws { try disk.rename(name, to: other) }
  func remove(_ name: String) throws { try disk.remove(name) }
  func sync() throws { try disk.sync() }
}

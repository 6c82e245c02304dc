// What decays and what was never written: looked at on copies, so that the node goes on with what is right.

import MemoryFiles
import PDBCoordinator
import PDBModel
import PDBStorage
import Raft

extension RealStorage {
  /// What storage code makes of files that are not what was written.
  private enum Verdict {
    /// It says so, and serves nothing.
    case noticed
    case log(LogContents)
    case state(StateStore)
  }

  private func openLog(on disk: MemoryDisk) throws -> Verdict {
    try judged {
      guard let contents = try makeLog(on: disk).load() else { return .noticed }
      return .log(contents)
    }
  }

  private func openState(
    _ database: MemoryDatabase, _ log: LogStore, _ mark: SnapshotMark
  ) throws -> Verdict {
    try judged {
      let state = try StateStore(
        path: database.path, membership: mark.index == 0 ? mark.membership : Membership([]),
        log: log, rules: rules)
      do { try state.verify() } catch {
        try? state.closeFiles()
        throw error
      }
      return .state(state)
    }
  }

  private func judged(_ body: () throws -> Verdict) throws -> Verdict {
    do { return try body() } catch let error as PDBError where error.code == .corrupt {
      return .noticed
    } catch  where SQLite.isDamage(error) {
      return .noticed
    } catch {
      throw Violation(.storage, "node \(identity.node) does not tell damage: \(error)")
    }
  }

  // MARK: Bits that turn over

  /// A bit of the log's files turns over while the process is down.
  func judgeFlippedLog(_ durable: StoredLog) throws {
    // What a power cut, or a crash in the middle of a write, has left may end anywhere.
    guard isQuiet else { return }
    let probe = disk.copy()
    let name = dice.pick(try probe.names())
    guard var bytes = probe[name], !bytes.isEmpty else { return }
    // Most of a segment is empty, and of no meaning.
    let used = (bytes.lastIndex { $0 != 0 } ?? 0) + 1
    let position = dice.below(dice.chance(900) ? used : bytes.count)
    bytes[position] ^= 1 << UInt8(dice.below(8))
    probe[name] = bytes
    switch try openLog(on: probe) {
    case .noticed: note(.flipNoticed)
    case .log(let contents) where durable.isSame(as: contents): note(.flipHarmless)
    default:
      throw Violation(
        .storage, "node \(identity.node) takes '\(name)' for whole; byte \(position) was altered")
    }
  }

  /// A bit of the state's files turns over while the process is down.
  func judgeFlippedState(_ durable: StoredLog, _ entries: [Entry]) throws {
    let probe = database.afterKill()
    defer { probe.remove() }
    let file = dice.chance(500) ? probe.path : probe.journal
    let size = probe.byteCount(of: file)
    guard size > 0 else { return }
    let position = dice.chance(200) ? dice.below(min(size, 128)) : dice.below(size)
    probe.flip(file, byte: position, bit: dice.below(8))
    let log = makeLog(on: disk.copy())
    guard try log.load() != nil else { return }
    let damage = "byte \(position) of \(file == probe.path ? "the database" : "its journal")"
    try judge(probe, log, durable, entries, damage, .flipNoticed, .flipHarmless)
  }

  /// A state that is not what was written must say so, or be one that was: the log leads on from there.
  private func judge(
    _ database: MemoryDatabase, _ log: LogStore, _ durable: StoredLog, _ entries: [Entry],
    _ damage: String, _ noticed: Situation, _ harmless: Situation
  ) throws {
    guard case .state(let state) = try openState(database, log, durable.mark) else {
      return note(noticed)
    }
    defer { try? state.closeFiles() }
    let index = state.mark().appliedIndex
    // Where the log does not lead on from it the node does not start with it.
    guard index >= durable.mark.index, index <= durable.lastIndex else { return note(noticed) }
    guard let known = commits[index] else {
      throw Violation(
        .storage,
        "node \(identity.node) takes a state at \(index) for whole after \(damage)")
    }
    do {
      try state.compare(with: known, of: identity.node)
      try replay(entries, on: state, known)
    } catch let violation as Violation {
      throw Violation(.storage, "after \(damage): \(violation.detail)")
    } catch  where SQLite.isDamage(error) { return note(noticed) }
    note(harmless)
  }

  /// The next entries, and some that were there before: those must be known to have been answered.
  private func replay(_ entries: [Entry], on state: StateStore, _ known: Machine) throws {
    // An old program may not understand what comes; its node would have been upgraded before.
    guard rules.newestVersion == .newest else { return }
    var machine = Machine(storage: known.storage, mark: known.mark, rules: rules)
    let index = known.mark.appliedIndex
    let next = entries.filter { $0.index > index }.prefix(8)
    var repeated: [Entry] = []
    for _ in 0..<8 where index > 0 && index <= Index(entries.count) {
      let old = entries[dice.below(Int(index))]
      repeated.append(
        Entry(
          index: index + Index(next.count + repeated.count) + 1, term: next.last?.term ?? old.term,
          payload: old.payload))
    }
    for entry in next + repeated {
      let expected = try machine.apply(entry)
      try Self.compare(try state.apply([entry]).applied, [expected!], of: identity.node)
    }
  }

  // MARK: Syncs that lied

  /// The power fails after syncs that did nothing: what is left is noticed, or is what there once was.
  ///
  /// - Parameter logs: what the log has been since they began to lie.
  func judgeLostDisk(_ logs: [StoredLog]) throws {
    let left = disk.afterPowerCut(&dice)
    let database = database.afterPowerCut(
      survival: dice.pick([0, 500, 900, 1000]), seed: dice.next())
    defer { database.remove() }
    guard case .log(let contents) = try openLog(on: left) else { return note(.lyingSyncNoticed) }
    guard let known = logs.last(where: { $0.isSame(as: contents) }) else {
      throw Violation(
        .storage, "after lying syncs node \(identity.node) has a log that it never had")
    }
    let log = makeLog(on: left)
    guard try log.load() != nil else { return }
    try judge(
      database, log, known, [], "lying syncs", .lyingSyncNoticed, .lyingSyncHarmless)
  }
}

// The log on disk: what was made durable comes back, and damage is noticed.

import Foundation
import MemoryFiles
import Testing

@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBStorage
@testable import Raft

@Suite struct LogStoreTests {
  private let disk = MemoryDisk()
  private let identity = Identity(
    cluster: "c", node: .max, address: NodeAddress(host: "127.0.0.1", port: 4000))
  private let membership = Membership([
    Member(id: .max, address: "127.0.0.1:4000", rank: 4000)
  ])

  private func entries(_ indices: ClosedRange<Index>, term: Term) -> [Entry] {
    indices.map { Entry(index: $0, term: term, payload: .operation([UInt8($0 % 256), 7])) }
  }

  private func store(_ disk: MemoryDisk? = nil, segmentBytes: Int = 8 << 20) -> LogStore {
    LogStore(disk ?? self.disk, name: "log", segmentBytes: segmentBytes)
  }

  private func begin(segmentBytes: Int = 8 << 20) throws -> LogStore {
    let store = store(segmentBytes: segmentBytes)
    try store.bootstrap(identity, .beginning(membership))
    return store
  }

  /// What a node would hand to storage for these steps.
  private func append(
    _ store: LogStore, _ entries: [Entry], _ hardState: HardState? = nil
  ) throws {
    var batch = Persist(number: 1)
    batch.hardState = hardState
    batch.entries = entries
    try store.append([batch])
  }

  private func compact(_ store: LogStore, through index: Index, term: Term = 1) throws {
    var batch = Persist(number: 1)
    batch.compaction = SnapshotMark(index: index, term: term, membership: membership)
    try store.append([batch])
  }

  private func load(_ disk: MemoryDisk? = nil) throws -> LogContents? {
    try store(disk).load()
  }

  private var segments: [String] {
    get throws { try disk.names().filter { Int($0.dropFirst("log-".count)) != nil } }
  }

  // MARK: Contents

  @Test func `a new log is empty, and then knows who it belongs to`() throws {
    #expect(try load() == nil)
    #expect(try disk.names().isEmpty)
    _ = try begin()
    let contents = try #require(try load())
    #expect(LogModel(contents) == LogModel(identity, .beginning(membership)))
  }

  @Test func `a log that begins with a received state has its term`() throws {
    let mark = SnapshotMark(index: 7, term: 3, membership: membership)
    try store().bootstrap(identity, mark)
    let contents = try #require(try load())
    #expect(contents.mark == mark && contents.hardState == HardState(term: 3))
    #expect(contents.lastIndex == 7)
  }

  @Test func `entries and hard state come back`() throws {
    let store = try begin()
    try append(store, entries(1...3, term: 1), HardState(term: 1, vote: .max))
    let member = Entry(
      index: 4, term: 1, payload: .membership(Membership([], removed: [5])))
    try append(store, [member])
    let contents = try #require(try load())
    #expect(contents.entries == entries(1...3, term: 1) + [member])
    #expect(contents.hardState == HardState(term: 1, vote: .max))
    #expect(contents.membership == Membership([], removed: [5]))
  }

  @Test func `appending replaces everything from the first entry on`() throws {
    let store = try begin()
    try append(store, entries(1...5, term: 1), HardState(term: 2))
    try append(store, entries(3...3, term: 2))
    #expect(try load()?.entries == entries(1...2, term: 1) + entries(3...3, term: 2))
  }

  @Test func `the last frame is guarded again from the start on, before anything is written`()
    throws
  {
    let store = try begin()
    try append(store, entries(1...3, term: 1), HardState(term: 1))
    // The note of the end was not synced, and is lost with the power.
    let left = disk.afterPowerCut { name, _ in name != "log-end" }
    #expect(try load(left)?.entries == entries(1...3, term: 1))
    var bytes = try #require(left["log-1"])
    let last = try #require(bytes.lastIndex { $0 != 0 })
    bytes[last] ^= 1
    left["log-1"] = bytes
    #expect(throws: PDBError.self) { try load(left) }
  }

  @Test func `compaction moves the beginning and keeps the rest`() throws {
    let store = try begin()
    try append(store, entries(1...5, term: 1), HardState(term: 1))
    try compact(store, through: 3)
    let contents = try #require(try load())
    #expect(contents.mark == SnapshotMark(index: 3, term: 1, membership: membership))
    #expect(contents.entries == entries(4...5, term: 1))
  }

  @Test func `a received state replaces the whole log, and entries follow it`() throws {
    let store = try begin()
    try append(store, entries(1...5, term: 1), HardState(term: 2))
    var install = Persist(number: 2)
    install.snapshot = SnapshotMark(index: 9, term: 2, membership: membership)
    var more = Persist(number: 3)
    more.entries = entries(10...11, term: 2)
    try store.append([install, more])
    let contents = try #require(try load())
    #expect(contents.mark == install.snapshot)
    #expect(contents.entries == entries(10...11, term: 2))
  }

  @Test func `a long tail that was never committed does not outlive a received state`() throws {
    let store = try begin()
    try append(store, entries(1...50, term: 1), HardState(term: 1))
    var install = Persist(number: 2)
    install.hardState = HardState(term: 3)
    install.snapshot = SnapshotMark(index: 20, term: 2, membership: membership)
    try store.append([install])
    let contents = try #require(try load())
    #expect(contents.mark == install.snapshot && contents.entries.isEmpty)
  }

  @Test func `a long tail that was overwritten does not outlive a compaction`() throws {
    let store = try begin()
    try append(store, entries(1...50, term: 1), HardState(term: 1))
    try append(store, entries(10...30, term: 2), HardState(term: 2))
    try compact(store, through: 20, term: 2)
    let contents = try #require(try load())
    #expect(contents.mark.index == 20 && contents.entries == entries(21...30, term: 2))
  }

  @Test func `whom a node has met it never forgets, and never takes for another`() async throws {
    let store = try begin(segmentBytes: 512)
    try await store.remember(7, incarnation: 1)
    try await store.remember(7, incarnation: 2)
    for index in Index(1)...40 {
      try append(store, entries(index...index, term: 1), HardState(term: 1))
      try compact(store, through: index)
    }
    #expect(try segments != ["log-1"])
    let other = self.store()
    _ = try other.load()
    #expect(store.incarnations == [7: 1] && other.incarnations == [7: 1])
  }

  // MARK: Files

  @Test func `a batch costs one write and one sync, and a number that is not synced`() throws {
    let store = try begin()
    let before = disk.counts
    try append(store, entries(1...100, term: 1), HardState(term: 1))
    #expect(disk.counts.writes == before.writes + 2)
    #expect(disk.counts.syncs == before.syncs + 1)
    #expect(disk.counts.reads == before.reads)
  }

  @Test func `segments whose entries are compacted go, and their files are used again`() throws {
    let store = try begin(segmentBytes: 2048)
    var most = 0
    for index in Index(1)...500 {
      try append(store, entries(index...index, term: 1), HardState(term: 1))
      if index > 20 { try compact(store, through: index - 20) }
      most = max(most, try disk.names().count)
    }
    #expect(try segments.count <= 3 && most <= 6)
    #expect(try segments.allSatisfy { Int($0.dropFirst("log-".count))! > 10 })
    #expect(try load()?.entries == entries(481...500, term: 1))
    #expect((2048..<3 * 4096).contains(store.byteCount))
  }

  @Test func `a node that comes back goes on where it was`() throws {
    _ = try begin(segmentBytes: 700)
    for index in Index(1)...60 {
      let store = store(segmentBytes: 700)
      #expect(try store.load()?.lastIndex == index - 1)
      try append(store, entries(index...index, term: 1), HardState(term: 1))
    }
    #expect(try load()?.entries == entries(1...60, term: 1))
  }

  @Test func `a log that was read tells how large it is`() throws {
    let first = try begin(segmentBytes: 700)
    for index in Index(1)...60 {
      try append(first, entries(index...index, term: 1), HardState(term: 1))
    }
    let second = store(segmentBytes: 700)
    _ = try second.load()
    #expect(second.byteCount == first.byteCount && first.byteCount > 1400)
  }

  @Test func `a file that is no log is refused and left alone`() throws {
    for garbage in [
      Bytes(repeating: 0x41, count: 5000), [], Bytes(repeating: 0, count: 8192),
      Bytes(utf8: "pdb log\n"),
    ] {
      disk["log-1"] = garbage
      #expect(PDBError.code { _ = try load() } == .corrupt)
      #expect(disk["log-1"] == garbage)
      #expect(try disk.names() == ["log-1"])
    }
  }

  @Test func `files of other nodes are no part of the log`() throws {
    disk["log-next"] = [1, 2, 3]
    disk["log-end"] = [4]
    disk["log-"] = [5]
    disk["other-1"] = [6]
    #expect(try load() == nil)
    let store = try begin()
    try append(store, entries(1...3, term: 1), HardState(term: 1))
    #expect(try load()?.entries.count == 3)
    #expect(disk["other-1"] == [6])
  }

  // MARK: Damage

  /// A log of several segments that are all needed.
  private func severalSegments(
    _ segmentBytes: Int = 300, entries count: Index = 12
  ) throws -> LogModel {
    let store = try begin(segmentBytes: segmentBytes)
    for index in Index(1)...count {
      try append(store, entries(index...index, term: 1), HardState(term: 1, vote: index))
    }
    return LogModel(try #require(try load()))
  }

  @Test func `a missing file is noticed, whichever it is`() throws {
    let model = try severalSegments()
    let names = try segments
    #expect(names.count > 2)
    for name in names {
      let copy = disk.copy()
      copy[name] = nil
      #expect(PDBError.code { _ = try load(copy) } == .corrupt, "without \(name)")
    }
    let copy = disk.copy()
    copy["log-end"] = nil
    #expect(try load(copy).map(LogModel.init) == model)
  }

  @Test func `a file with the last number there is is noticed`() throws {
    _ = try begin()
    try disk.open("log-\(UInt64.max)").write([0], at: 0)
    #expect(PDBError.code { _ = try load() } == .corrupt)
  }

  @Test func `a log that is too near to the end of all indices is refused`() throws {
    let store = try begin()
    try append(
      store, [Entry(index: .max, term: 1, payload: .noop)], HardState(term: 1))
    #expect(PDBError.code { _ = try load() } == .corrupt)
  }

  @Test func `a missing first file is noticed even if nothing followed it but a vote`() throws {
    let store = try begin(segmentBytes: 300)
    while try segments == ["log-1"] {
      let last = try #require(try load()).lastIndex
      try append(store, entries(last + 1...last + 1, term: 1), HardState(term: 1))
      try append(store, [], HardState(term: 1, vote: last))
    }
    #expect(try segments == ["log-1", "log-2"])
    #expect(try load()?.entries.isEmpty == false)
    disk["log-1"] = nil
    #expect(PDBError.code { _ = try load() } == .corrupt)
  }

  @Test func `files that change places are noticed`() throws {
    _ = try severalSegments()
    let copy = disk.copy()
    (copy["log-1"], copy["log-2"]) = (copy["log-2"], copy["log-1"])
    #expect(PDBError.code { _ = try load(copy) } == .corrupt)
  }

  @Test func `a file of another node is noticed`() throws {
    _ = try severalSegments()
    let other = MemoryDisk()
    let store = LogStore(other, name: "log", segmentBytes: 300)
    try store.bootstrap(
      Identity(cluster: "d", node: 5, address: NodeAddress(host: "127.0.0.1", port: 4001)),
      .beginning(membership))
    for index in Index(1)...12 {
      try append(store, entries(index...index, term: 1), HardState(term: 1, vote: index))
    }
    let name = try segments.last!
    disk[name] = other[name]
    #expect(PDBError.code { _ = try load() } == .corrupt)
  }

  private let endName = "log-end"

  /// Loads the log with one bit turned over, for every bit of every file.
  private func forEveryFlip(
    _ disk: MemoryDisk, _ body: (Result<LogContents?, any Error>, _ place: String) -> Void
  ) throws {
    for name in try disk.names() {
      let bytes = disk[name]!
      let copy = disk.copy()
      for offset in bytes.indices {
        for bit in 0..<8 {
          var altered = bytes
          altered[offset] ^= 1 << UInt8(bit)
          // Loading notes the end once more.
          copy[endName] = disk[endName]
          copy[name] = altered
          body(Result { try load(copy) }, "bit \(bit) of byte \(offset) of \(name)")
          #expect(copy[name] == altered || name == endName)
        }
      }
    }
  }

  private func isCorrupt(_ result: Result<LogContents?, any Error>) -> Bool {
    if case .failure(let error) = result { (error as? PDBError)?.code == .corrupt } else { false }
  }

  @Test func `a flipped bit changes nothing, or is noticed`() throws {
    let model = try severalSegments(200, entries: 4)
    #expect(try segments.count > 1)
    var noticed = 0
    try forEveryFlip(disk) { result, place in
      if isCorrupt(result) { return noticed += 1 }
      #expect((try? result.get()).map(LogModel.init) == model, "\(place)")
    }
    #expect(noticed > 3000)
  }

  @Test func `without the file that tells the end, at most the last batch is lost`() throws {
    let model = try severalSegments(200, entries: 4)
    disk["log-end"] = nil
    var shorter = model
    shorter.entries.removeLast()
    shorter.hardState.vote = 3
    var lost = 0
    try forEveryFlip(disk) { result, place in
      if isCorrupt(result) { return }
      let found = (try? result.get()).map(LogModel.init)
      if found == shorter { lost += 1 } else { #expect(found == model, "\(place)") }
    }
    #expect(lost > 100)
  }

  @Test func `wherever the last file is cut short behind what is durable, it is a crash`() throws {
    _ = try severalSegments()
    let name = try segments.last!
    let store = store(segmentBytes: 1 << 20)
    _ = try store.load()
    let end = try #require(disk["log-end"])
    try append(store, entries(13...13, term: 1))
    let whole = disk[name]!
    let frame = LogFrame.headerBytes + 16
    let start = try #require(
      whole.indices.reversed().first { offset in
        offset % 8 == 0 && offset + frame <= whole.count && whole[offset] == end[0] + 1
          && whole[offset + 8] > 0
      })
    for (isTold, file) in [(false, end), (true, disk["log-end"]!)] {
      for length in start...start + frame {
        let copy = disk.copy()
        copy["log-end"] = file
        copy[name] = Bytes(whole.prefix(length))
        if isTold, length < start + frame - 8 {
          #expect(PDBError.code { _ = try load(copy) } == .corrupt, "\(length - start)")
        } else {
          let count = try load(copy)?.entries.count
          #expect(
            count == 12 || length >= start + frame - 8 && count == 13,
            "\(isTold) \(length - start) of \(frame): \(count ?? 0)")
        }
      }
    }
  }

  @Test func `a disk that lies about syncs is found out by the number of the last batch`()
    throws
  {
    var noticed = 0
    for seed in UInt64(0)..<300 {
      var random = SplitMix64(seed: seed)
      let disk = MemoryDisk()
      let store = LogStore(disk, name: "log", segmentBytes: 2000)
      try store.bootstrap(identity, .beginning(membership))
      var model = LogModel(identity, .beginning(membership))
      let honest = Int.random(in: 0..<10, using: &random)
      for number in 0..<20 {
        if number == honest { disk.lie() }
        let batch = randomBatch(model, &random)
        try store.append(batch)
        for batch in batch { model.write(batch) }
      }
      let chance = Double.random(in: 0...1, using: &random)
      let after = disk.afterPowerCut { name, _ in
        name == "log-end" || Double.random(in: 0..<1, using: &random) < chance
      }
      do {
        let found = try LogStore(after, name: "log").load()
        #expect(found.map(LogModel.init) == model, "seed \(seed)")
      } catch let error as PDBError {
        #expect(error.code == .corrupt)
        noticed += 1
      }
    }
    #expect(noticed > 150)
  }

  private func randomBatch(_ model: LogModel, _ random: inout SplitMix64) -> [Persist] {
    while true {
      if case .append(let batches) = model.randomStep(&random) { return batches }
    }
  }
}

// MARK: Random lives

/// A log that is told random things, while its process and its disk fail.
private struct LogLife {
  enum Faults {
    case crashes
    case crashesAndFullDisk
  }

  private static let identity = Identity(
    cluster: "c", node: 3, address: NodeAddress(host: "127.0.0.1", port: 4000))
  private static let mark = SnapshotMark.beginning(
    Membership([Member(id: 3, address: "127.0.0.1:4000", rank: 4000)]))

  private let seed: UInt64
  private let faults: Faults
  private var random: SplitMix64
  private var disk = MemoryDisk()
  private var store: LogStore
  /// What was acknowledged.
  private var model = LogModel(identity, mark)
  /// What was under way when the process died.
  private var pending: LogStep?
  private let segmentBytes: Int
  private(set) var crashes = 0
  private(set) var fullDisks = 0

  init(seed: UInt64, _ faults: Faults) throws {
    self.seed = seed
    self.faults = faults
    random = SplitMix64(seed: seed)
    segmentBytes = [400, 1000, 3000].randomElement(using: &random)!
    store = LogStore(disk, name: "log", segmentBytes: segmentBytes)
    try store.bootstrap(Self.identity, Self.mark)
  }

  mutating func run() async throws {
    for life in 0..<6 {
      let isLast = life == 5
      if !isLast || Bool.random(using: &random) {
        disk.fail(after: .random(in: 0...120, using: &random), .crash, doneBytes: someBytes())
      }
      try await live()
      crash()
      try load()
    }
  }

  /// Lives until the crash, or for a while.
  private mutating func live() async throws {
    for _ in 0..<Int.random(in: 1...40, using: &random) {
      let step = model.randomStep(&random)
      pending = step
      if faults == .crashesAndFullDisk, Int.random(in: 0..<4, using: &random) == 0 {
        disk.fail(after: .random(in: 0...8, using: &random), .full, doneBytes: someBytes())
      }
      do { try await write(step) } catch is MemoryDisk.Crash { return }
      model.write(step)
      pending = nil
    }
  }

  private mutating func someBytes() -> Int { .random(in: 0...1500, using: &random) }

  /// Tries again until there is space.
  private mutating func write(_ step: LogStep) async throws {
    while true {
      do {
        switch step {
        case .append(let batches): try store.append(batches)
        case .remember(let node, let incarnation):
          try await store.remember(node, incarnation: incarnation)
        }
        return
      } catch  where DiskFailure.isFullDisk(error) {
        fullDisks += 1
        // Sometimes it is full once more.
        if Bool.random(using: &random) {
          disk.fail(after: .random(in: 0...4, using: &random), .full, doneBytes: someBytes())
        }
      }
    }
  }

  /// The process dies, or the machine.
  private mutating func crash() {
    crashes += 1
    switch Int.random(in: 0..<3, using: &random) {
    case 0: disk = disk.afterKill()
    case 1: disk = disk.afterPowerCut(&random)
    default: disk = disk.afterKill().afterPowerCut(&random)
    }
    store = LogStore(disk, name: "log", segmentBytes: segmentBytes)
  }

  /// Everything that was acknowledged is there; what was not is there as a whole or not at all.
  private mutating func load() throws {
    let contents: LogContents?
    do { contents = try store.load() } catch {
      Issue.record("seed \(seed), after \(crashes) crashes: \(error)")
      throw error
    }
    let found = LogModel(try #require(contents))
    guard let pending, found != model else {
      #expect(found == model, "seed \(seed), after \(crashes) crashes")
      return model = found
    }
    model.write(pending)
    #expect(found == model, "seed \(seed), after \(crashes) crashes")
    model = found
    self.pending = nil
  }
}

@Suite struct LogLifeTests {
  @Test(arguments: [UInt64](0..<40))
  func `what was acknowledged survives every crash`(group: UInt64) async throws {
    for seed in group * 10..<group * 10 + 10 {
      var life = try LogLife(seed: seed, .crashes)
      try await life.run()
    }
  }

  @Test(arguments: [UInt64](0..<40))
  func `a full disk leaves the log usable, and what was acknowledged survives`(
    group: UInt64
  ) async throws {
    var fullDisks = 0
    for seed in group * 10..<group * 10 + 10 {
      var life = try LogLife(seed: seed + 1000, .crashesAndFullDisk)
      try await life.run()
      fullDisks += life.fullDisks
    }
    #expect(fullDisks > 10)
  }
}

// MARK: Data directories

@Suite struct DataDirectoryTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func `two processes cannot have one node's files`() throws {
    let first = try DataDirectory(path: directory.path, port: 4000)
    #expect(
      PDBError.code { _ = try DataDirectory(path: directory.path, port: 4000) } == .dataInUse)
    // Another node's files in the same folder are another matter.
    let second = try DataDirectory(path: directory.path, port: 4001)
    withExtendedLifetime((first, second)) {}
  }

  @Test func `a data directory that cannot be is refused`() throws {
    #expect(PDBError.code { _ = try DataDirectory(path: "/proc/nope", port: 1) } == .dataDirectory)
    let file = directory.path + "/file"
    try Data().write(to: URL(fileURLWithPath: file))
    #expect(PDBError.code { _ = try DataDirectory(path: file, port: 1) } == .dataDirectory)
  }

  @Test func `a log in a folder comes back, and leaves no trace when it is discarded`() throws {
    let path = directory.path + "/new"
    let files = try DataDirectory(path: path, port: 4000)
    #expect(!files.hasFiles)
    let log = try files.openLog()
    let membership = Membership([Member(id: 3, address: "127.0.0.1:4000", rank: 4000)])
    let identity = Identity(
      cluster: "c", node: 3, address: NodeAddress(host: "127.0.0.1", port: 4000))
    try log.bootstrap(identity, .beginning(membership))
    var batch = Persist(number: 1)
    batch.hardState = HardState(term: 1, vote: 3)
    let large = Bytes(repeating: 7, count: 70_000)
    batch.entries = [Entry(index: 1, term: 1, payload: .operation(large))]
    try log.append([batch])
    #expect(files.hasFiles)
    let contents = try files.openLog().load()
    #expect(contents?.identity == identity && contents?.entries == batch.entries)
    #expect(contents?.hardState == HardState(term: 1, vote: 3))
    files.discard()
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}

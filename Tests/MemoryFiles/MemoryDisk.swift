// A disk in memory that loses what was not synced, fills up, lies and fails.

import Foundation
import NIOConcurrencyHelpers
package import PDBModel
package import PDBStorage

/// A folder of files in memory.
///
/// What was written is seen at once, and is on the platter after a sync. A power cut leaves of the
/// sectors that were not synced any, and of the changes of names the first few: file systems with a
/// journal keep the order of those.
package final class MemoryDisk: Disk {
  package static let sectorBytes = 512

  /// Stops everything that comes after it: the process has died.
  package struct Crash: Error {}

  package enum Fault: Sendable {
    /// This operation fails, with a part of it done, and the next ones do not.
    case full
    /// This operation and all after it fail.
    case crash
  }

  fileprivate struct File {
    /// As it is seen.
    var bytes: Bytes = []
    /// As it is on the platter.
    var durable: Bytes = []
    /// Sectors that were written since the last sync.
    var dirty: Set<Int> = []
  }

  fileprivate struct State {
    /// By number; names come and go.
    var files: [File] = []
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    /// What the names were after each change since the last sync.
    var changes: [[String: Int]] = []
    /// How many operations from now on something fails.
    var countdown: Int?
    var fault = Fault.full
    /// How much of a write that fails is done.
    var doneBytes = 0
    var isDead = false
    var lies = false
    var counts = Counts()
  }

  /// What was done so far.
  package struct Counts: Equatable, Sendable {
    package var reads = 0
    package var writes = 0
    package var syncs = 0
  }

  fileprivate let box: NIOLockedValueBox<State>

  package init() { box = NIOLockedValueBox(State()) }

  private init(_ state: State) { box = NIOLockedValueBox(state) }

  // MARK: Arranging

  package var counts: Counts { box.withLockedValue { $0.counts } }

  /// From now on `sync` does nothing.
  package func lie() { box.withLockedValue { $0.lies = true } }

  /// The operation after `count` others fails.
  package func fail(after count: Int, _ fault: Fault, doneBytes: Int = 0) {
    box.withLockedValue { state in
      state.countdown = count
      state.fault = fault
      state.doneBytes = doneBytes
    }
  }

  /// Nothing fails any more; tells whether what was arranged has happened.
  @discardableResult
  package func heal() -> Bool {
    box.withLockedValue { state in
      defer { (state.countdown, state.isDead) = (nil, false) }
      return state.countdown == nil
    }
  }

  /// The same disk for another process, after the one that used it was killed.
  package func afterKill() -> MemoryDisk {
    MemoryDisk(
      box.withLockedValue { state in
        var state = state
        (state.countdown, state.isDead, state.lies) = (nil, false, false)
        return state
      })
  }

  /// The disk as a power cut may leave it.
  ///
  /// - Parameters:
  ///   - names: how many of the changes of names survive at most.
  ///   - survives: whether a sector of a file survives that was not synced.
  package func afterPowerCut(
    names: Int = .max, _ survives: (_ name: String, _ sector: Int) -> Bool
  ) -> MemoryDisk {
    MemoryDisk(
      box.withLockedValue { state in
        var left = State()
        let kept = min(names, state.changes.count)
        left.names = kept == 0 ? state.durableNames : state.changes[kept - 1]
        left.durableNames = left.names
        left.files = state.files
        // In the same order every time, so that the same dice decide the same.
        for (name, number) in left.names.sorted(by: { $0.key < $1.key }) {
          left.files[number].cut { survives(name, $0) }
        }
        return left
      })
  }

  package func afterPowerCut(_ random: inout some RandomNumberGenerator) -> MemoryDisk {
    // All, nothing and anything in between.
    let chance = [0, 0.5, 0.9, 1].randomElement(using: &random)!
    var dice = random
    defer { random = dice }
    let names = Int.random(in: 0...box.withLockedValue { $0.changes.count }, using: &dice)
    return afterPowerCut(names: names) { _, _ in
      Double.random(in: 0..<1, using: &dice) < chance
    }
  }

  /// What a file holds; `nil` if there is none.
  package subscript(_ name: String) -> Bytes? {
    get { box.withLockedValue { state in state.names[name].map { state.files[$0].bytes } } }
    set {
      box.withLockedValue { state in
        guard let newValue else { return _ = state.names.removeValue(forKey: name) }
        if state.names[name] == nil {
          state.names[name] = state.files.count
          state.files.append(File())
        }
        state.files[state.names[name]!] = File(bytes: newValue, durable: newValue)
      }
    }
  }

  /// A disk with the same files, all of them durable.
  package func copy() -> MemoryDisk {
    let copy = MemoryDisk()
    for name in box.withLockedValue({ Array($0.names.keys) }) { copy[name] = self[name] }
    return copy
  }

  // MARK: Disk

  package func names() throws -> [String] {
    try box.withLockedValue { state in
      if state.isDead { throw Crash() }
      return Array(state.names.keys).sorted()
    }
  }

  package func open(_ name: String) throws -> any DiskFile {
    try box.withLockedValue { state in
      if let number = state.names[name] {
        if state.isDead { throw Crash() }
        return Handle(disk: self, number: number)
      }
      try state.beginOperation("open", name)
      state.files.append(File())
      state.names[name] = state.files.count - 1
      state.changes.append(state.names)
      return Handle(disk: self, number: state.files.count - 1)
    }
  }

  package func rename(_ name: String, to other: String) throws {
    try box.withLockedValue { state in
      try state.beginOperation("rename", name)
      guard let number = state.names.removeValue(forKey: name) else {
        throw DiskFailure(operation: "rename", file: name, code: ENOENT)
      }
      state.names[other] = number
      state.changes.append(state.names)
    }
  }

  package func remove(_ name: String) throws {
    try box.withLockedValue { state in
      try state.beginOperation("remove", name)
      state.names[name] = nil
      state.changes.append(state.names)
    }
  }

  package func sync() throws {
    try box.withLockedValue { state in
      try state.beginOperation("sync", ".")
      state.counts.syncs += 1
      guard !state.lies else { return }
      state.durableNames = state.names
      state.changes = []
    }
  }
}

extension MemoryDisk.State {
  /// Fails if it is time to.
  fileprivate mutating func beginOperation(
    _ operation: String, _ file: String, _ partly: (inout Self, Int) -> Void = { _, _ in }
  ) throws {
    if isDead { throw MemoryDisk.Crash() }
    guard let left = countdown else { return }
    countdown = left - 1
    guard left == 0 else { return }
    countdown = nil
    partly(&self, doneBytes)
    switch fault {
    case .full: throw DiskFailure(operation: operation, file: file, code: ENOSPC)
    case .crash:
      isDead = true
      throw MemoryDisk.Crash()
    }
  }
}

extension MemoryDisk.File {
  fileprivate mutating func write(_ new: Bytes, at offset: Int) {
    guard !new.isEmpty else { return }
    extend(to: offset + new.count)
    bytes.replaceSubrange(offset..<offset + new.count, with: new)
    let sectorBytes = MemoryDisk.sectorBytes
    dirty.formUnion(offset / sectorBytes...(offset + new.count - 1) / sectorBytes)
  }

  fileprivate mutating func extend(to size: Int) {
    if bytes.count < size { bytes += Bytes(repeating: 0, count: size - bytes.count) }
  }

  fileprivate mutating func sync() {
    durable = bytes
    dirty = []
  }

  /// Leaves what was durable, and those of the other sectors that survive.
  fileprivate mutating func cut(_ survives: (Int) -> Bool) {
    var left = durable
    for sector in dirty.sorted() where survives(sector) {
      let start = sector * MemoryDisk.sectorBytes
      let end = min(start + MemoryDisk.sectorBytes, bytes.count)
      if left.count < end { left += Bytes(repeating: 0, count: end - left.count) }
      left.replaceSubrange(start..<end, with: bytes[start..<end])
    }
    (bytes, durable, dirty) = (left, left, [])
  }
}

/// One open file.
private struct Handle: DiskFile {
  let disk: MemoryDisk
  let number: Int

  private func change(
    _ operation: String, partly bytes: Bytes = [], at offset: Int = 0,
    _ body: (inout MemoryDisk.State) -> Void
  ) throws {
    try disk.box.withLockedValue { state in
      try state.beginOperation(operation, "\(number)") { state, count in
        state.files[number].write(Bytes(bytes.prefix(count)), at: offset)
      }
      body(&state)
    }
  }

  func size() throws -> Int { disk.box.withLockedValue { $0.files[number].bytes.count } }

  func read(_ count: Int, at offset: Int) throws -> Bytes {
    try disk.box.withLockedValue { state in
      if state.isDead { throw MemoryDisk.Crash() }
      state.counts.reads += 1
      return Bytes(state.files[number].bytes.dropFirst(offset).prefix(count))
    }
  }

  func write(_ bytes: Bytes, at offset: Int) throws {
    try change("write", partly: bytes, at: offset) { state in
      state.counts.writes += 1
      state.files[number].write(bytes, at: offset)
    }
  }

  func reserve(_ size: Int) throws {
    try change("reserve") { $0.files[number].extend(to: size) }
  }

  func sync() throws {
    try change("sync") { state in
      state.counts.syncs += 1
      if !state.lies { state.files[number].sync() }
    }
  }
}

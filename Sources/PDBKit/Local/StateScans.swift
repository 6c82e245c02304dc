// Lists of pairs and tasks, read bit by bit from a view of the state.

import PDBCoordinator
import PDBModel
import PDBStorage
import PDBStore

/// A walk through a part of the state. It goes on where it stopped the last time.
protocol StateScan<Item>: Sendable {
  associatedtype Item: Sendable

  /// The revisions, beside that of the view, whose states it reads.
  var revisions: [UInt64] { get }

  /// Appends items until there are no more (`true`), or until they have as many bytes as `limit`.
  mutating func read(
    _ view: any StateView, into items: inout [Item], upTo limit: Int
  ) throws -> Bool
}

extension StateScan {
  var revisions: [UInt64] { [] }

  /// Makes sure that what it reads is still known.
  ///
  /// - Throws: `revision_not_found`.
  func check(_ view: any StateView, _ mark: StateMark) throws {
    for revision in revisions where try !view.isReadable(revision, mark.data) {
      throw mark.data.unknown(revision)
    }
  }
}

/// Pairs in the order of their keys; none that are pdb's own.
struct PairScan: StateScan {
  private var start: Bytes
  private let end: Bytes?
  private let hidesTasks: Bool
  /// How many are still wanted.
  private var rest: Int

  init(_ query: PairQuery) {
    start = query.prefix.isEmpty ? SystemKeys.firstUserKey : query.prefix
    if let after = query.after.map({ $0 + [0] }), start.lexicographicallyPrecedes(after) {
      start = after
    }
    end = query.prefix.prefixEnd
    hidesTasks = !query.includesTasks && !query.prefix.starts(with: TaskKeys.prefix)
    rest = query.limit ?? .max
  }

  mutating func read(
    _ view: any StateView, into items: inout [Pair], upTo limit: Int
  ) throws -> Bool {
    guard rest > 0 else { return true }
    var bytes = 0
    var isFull = false
    try view.scan(from: start, to: end, reversed: false) { key, stored in
      start = key + [0]
      if key.starts(with: SystemKeys.prefix) || (hidesTasks && stored.isTask(under: key)) {
        return true
      }
      items.append(Pair(key: key, value: stored.value, revision: stored.revision))
      bytes += key.count + stored.value.count + Self.memberBytes
      rest -= 1
      isFull = bytes >= limit
      return rest > 0 && !isFull
    }
    return !isFull || rest == 0
  }

  /// About what a pair takes beside its key and value when it is written.
  private static let memberBytes = 40
}

/// Tasks from the newest to the oldest.
struct TaskScan: StateScan {
  private let query: TaskQuery
  private let words: [Substring]
  private let orders: KnownTaskOrder
  /// How often tasks may have come back by now; see ``EngineStatus``.
  private let comebacks: Int
  /// How many are still wanted.
  private var rest: Int
  private var walk: TaskWalk?

  init(_ query: TaskQuery, _ orders: KnownTaskOrder, comebacks: Int) {
    self.query = query
    self.orders = orders
    self.comebacks = comebacks
    words = query.words.foldedForSearch.split(separator: " ")
    rest = query.limit ?? .max
  }

  mutating func read(
    _ view: any StateView, into items: inout [VersionedTask], upTo limit: Int
  ) throws -> Bool {
    var walk = try self.walk ?? begin(view)
    defer { self.walk = walk }
    guard rest > 0 else { return true }
    var bytes = 0
    let isOver = try walk.go(on: view) { versioned in
      guard wants(versioned.task) else { return true }
      items.append(versioned)
      bytes += Self.size(of: versioned.task)
      rest -= 1
      return rest > 0 && bytes < limit
    }
    return isOver || rest == 0
  }

  /// About what a task takes when it is written.
  private static func size(of task: TaskItem) -> Int {
    let extra = task.extra.isEmpty ? 0 : JSON.object(task.extra).serialized().count
    return task.title.utf8.count + extra + 160
  }

  private func begin(_ view: any StateView) throws -> TaskWalk {
    let order = try orders.extended(view, comebacks: comebacks)
    return TaskWalk(order, after: try query.after.map { try order.place(of: $0, view) })
  }

  private func wants(_ task: TaskItem) -> Bool {
    if let isCompleted = query.isCompleted, task.completed != isCompleted { return false }
    guard query.filter.isEmpty || query.filter.matches(task) else { return false }
    return words.isEmpty || task.title.foldedForSearch.containsAll(words)
  }
}

/// The keys that two states differ in, in their order; none that are pdb's own.
struct DifferenceScan: StateScan {
  let revisions: [UInt64]
  private let from: UInt64
  private let to: UInt64
  private var start: Bytes
  private let end: Bytes?

  init(from: UInt64, to: UInt64, prefix: Bytes) {
    self.from = from
    self.to = to
    revisions = [from, to]
    start = prefix.isEmpty ? SystemKeys.firstUserKey : prefix
    end = prefix.prefixEnd
  }

  mutating func read(
    _ view: any StateView, into items: inout [Revision.KeyChange], upTo limit: Int
  ) throws -> Bool {
    let (older, newer) = (try view.past(from), try view.past(to))
    var bytes = 0
    var isFull = false
    try view.scanKeys(
      from: start, to: end, changedAfter: min(from, to), through: max(from, to)
    ) { key in
      start = key + [0]
      let (before, after) = (try older.get(key)?.value, try newer.get(key)?.value)
      guard before != after else { return true }
      items.append(Revision.KeyChange(key: key, before: before, after: after))
      bytes += key.count + (before?.count ?? 0) + (after?.count ?? 0) + Self.memberBytes
      isFull = bytes >= limit
      return !isFull
    }
    return !isFull
  }

  /// About what a change takes beside its key and values when it is written.
  private static let memberBytes = 40
}

/// The batches of a list from a view that stays as it is.
struct SnapshotSource<Scan: StateScan, Snapshot: FrozenState>: BatchSource {
  private var scan: Scan
  private let snapshot: Snapshot
  /// The revision that is read; `nil`: the newest of the view.
  private let past: UInt64?
  private var isOver = false

  init(_ scan: Scan, _ snapshot: Snapshot, past: UInt64? = nil) {
    self.scan = scan
    self.snapshot = snapshot
    self.past = past
  }

  mutating func next() async throws(PDBError) -> [Scan.Item]? {
    guard !isOver else { return nil }
    let batch: (scan: Scan, items: [Scan.Item], isOver: Bool)
    do {
      batch = try await snapshot.read { [scan, past, mark = snapshot.mark] view in
        var scan = scan
        var items: [Scan.Item] = []
        // It may have been forgotten since it was looked up.
        if let past, try !view.isReadable(past, mark.data) { throw mark.data.unknown(past) }
        try scan.check(view, mark)
        let shown = try past.map { try view.past($0) } ?? view
        let isOver = try scan.read(shown, into: &items, upTo: ListPiece.bytes)
        return (scan, items, isOver)
      }
    } catch { throw PDBError(reading: error) }
    (scan, isOver) = (batch.scan, batch.isOver)
    return batch.items
  }
}

/// How much of a list is read at once.
package enum ListPiece {
  package static let bytes = 256 << 10
}

// Lists of any length: a small one is answered at once, a large one piece by piece from one
// consistent view, so that it never stands in memory as a whole.

import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers
import NIOCore

/// The items of a list as JSON, with what stands before and after them.
protocol Listing: Sendable {
  var head: StaticString { get }

  /// Appends items to `output` until there are no more (`true`), or until it has as many bytes as
  /// `limit`. Goes on where it stopped the last time.
  mutating func write(
    _ view: any StateView, to output: inout Bytes, upTo limit: Int
  ) throws -> Bool

  func tail(_ mark: StateMark) -> String
}

extension Exchange {
  private static var pieceBytes: Int { 256 << 10 }

  /// Answers with a list.
  func list(_ listing: some Listing) async throws -> Response {
    if let response = try await list(listing, upTo: Self.pieceBytes) { return response }
    let snapshot: StateSnapshot
    do {
      snapshot = try await engine.snapshot(.stale)
    } catch let error as PDBError where error.code == .diskFull {
      // Then there is no view but that of the writer; reading goes on all the same.
      return try await list(listing, upTo: .max)!
    }
    return try stream(listing, from: snapshot)
  }

  /// The list in one piece; `nil` if it has more bytes than `limit`.
  private func list(_ listing: some Listing, upTo limit: Int) async throws -> Response? {
    let consistency = try consistency()
    return try await engine.read(consistency, .ranges) { view, mark in
      var listing = listing
      var bytes = Bytes(utf8: listing.head.description)
      guard try listing.write(view, to: &bytes, upTo: limit) else { return nil }
      bytes += Bytes(utf8: listing.tail(mark))
      var response = Response(jsonText: bytes)
      response.headers.add(.revision, String(mark.revision))
      response.headers.add(.consistency, consistency.rawValue)
      return response
    }
  }

  private func stream(_ listing: some Listing, from snapshot: StateSnapshot) throws -> Response {
    let seat = try node.streams.take()
    var response = Response(
      status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
      body: ResponseBody { writer in
        defer { seat.leave() }
        var piece = (listing: listing, bytes: Bytes(utf8: listing.head.description), isLast: false)
        while !piece.isLast {
          piece = try await snapshot.read { [piece] view in
            var next = piece
            next.isLast = try next.listing.write(view, to: &next.bytes, upTo: Self.pieceBytes)
            return next
          }
          try await writer.write(ByteBuffer(bytes: piece.bytes))
          piece.bytes = []
        }
        try await writer.write(ByteBuffer(string: listing.tail(snapshot.mark)))
        try await writer.finish(nil)
      })
    response.headers.add(.revision, String(snapshot.mark.revision))
    response.headers.add(.consistency, try consistency().rawValue)
    return response
  }
}

// MARK: Lists of pairs

/// Pairs in the order of their keys.
struct PairListing: Listing {
  /// What of a pair is told.
  enum Form: Sendable {
    /// One object of all values: `/jobs`.
    case members
    /// A list of objects with key, value and revision: `/kv`.
    case objects
  }

  let form: Form
  var start: Bytes
  var end: Bytes?
  var hidesTasks = false
  /// How many pairs are still wanted.
  var limit = Int.max
  private var isFirst = true

  init(_ form: Form, from start: Bytes = SystemKeys.firstUserKey, to end: Bytes? = nil) {
    self.form = form
    self.start = start
    self.end = end
  }

  var head: StaticString { form == .members ? "{" : "{\"pairs\":[" }

  mutating func write(
    _ view: any StateView, to output: inout Bytes, upTo limit: Int
  ) throws -> Bool {
    guard self.limit > 0 else { return true }
    var isFull = false
    try view.scan(from: start, to: end, reversed: false) { key, stored in
      start = key + [0]
      if key.starts(with: SystemKeys.prefix) || (hidesTasks && stored.isTask(under: key)) {
        return true
      }
      if !isFirst { output.append(UInt8(ascii: ",")) }
      isFirst = false
      write(key, stored, to: &output)
      self.limit -= 1
      isFull = output.count >= limit
      return self.limit > 0 && !isFull
    }
    return !isFull || self.limit == 0
  }

  private func write(_ key: Bytes, _ stored: StoredValue, to output: inout Bytes) {
    switch form {
    case .members:
      JSON.string(key.utf8String ?? key.shown).write(to: &output)
      output.append(UInt8(ascii: ":"))
      JSON(stored: stored.value).write(to: &output)
    case .objects:
      let pair = Pair(key: key, value: stored.value, revision: stored.revision)
      JSON.object(pair.members).write(to: &output)
    }
  }

  func tail(_ mark: StateMark) -> String {
    form == .members ? "}" : "],\"revision\":\(mark.revision)}"
  }
}

// MARK: Lists of tasks

/// Tasks from the newest to the oldest.
struct TaskListing: Listing {
  let orders: KnownTaskOrder
  /// How often tasks may have come back by now; see ``EngineStatus``.
  let comebacks: Int
  /// `nil`: whether they are completed does not matter.
  var isCompleted: Bool?
  var words: [Substring] = []
  var after: TaskReference?
  /// How many tasks are still wanted.
  var limit = Int.max
  private var walk: TaskWalk?
  private var isFirst = true

  init(_ exchange: Exchange) {
    orders = exchange.node.order
    comebacks = exchange.engine.status.comebacks
  }

  var head: StaticString { "{\"tasks\":[" }

  mutating func write(
    _ view: any StateView, to output: inout Bytes, upTo limit: Int
  ) throws -> Bool {
    var walk = try self.walk ?? begin(view)
    defer { self.walk = walk }
    guard self.limit > 0 else { return true }
    let isOver = try walk.go(on: view) { versioned in
      guard wants(versioned.task) else { return true }
      if !isFirst { output.append(UInt8(ascii: ",")) }
      isFirst = false
      versioned.json.write(to: &output)
      self.limit -= 1
      return self.limit > 0 && output.count < limit
    }
    return isOver || self.limit == 0
  }

  private func begin(_ view: any StateView) throws -> TaskWalk {
    let order = try orders.extended(view, comebacks: comebacks)
    return TaskWalk(order, after: try after.map { try order.place(of: $0, view) })
  }

  private func wants(_ task: TaskItem) -> Bool {
    if let isCompleted, task.completed != isCompleted { return false }
    return words.isEmpty || task.title.foldedForSearch.containsAll(words)
  }

  func tail(_ mark: StateMark) -> String { "],\"revision\":\(mark.revision)}" }
}

/// What this node knows of the order of tasks; lists that are read at the same time share it.
final class KnownTaskOrder: Sendable {
  private let known = NIOLockedValueBox((order: TaskOrder(), comebacks: 0))

  /// The order of all tasks of a view. It is learnt anew when tasks may have come back that were
  /// gone when it was learnt.
  func extended(_ view: any StateView, comebacks: Int) throws -> TaskOrder {
    let known = known.withLockedValue { $0 }
    var order = known.comebacks == comebacks ? known.order : TaskOrder()
    try order.extend(view)
    let extended = order
    self.known.withLockedValue { known in
      if (known.comebacks, known.order.last) < (comebacks, extended.last) {
        known = (extended, comebacks)
      }
    }
    return extended
  }
}

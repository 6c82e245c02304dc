// Lists of any length as JSON: a short one at once, a long one batch by batch.

import HTTPTypes
import Hummingbird
import NIOCore
import PDBLocal
import PDBModel
import PDBStore

/// What stands before and after the items of a list.
enum ListForm {
  /// One object, of which each item is a member.
  case object
  /// `{"NAME":[...],"revision":N}`.
  case members(String)
  /// `{"from":N,"changes":[...],"revision":N}`.
  case changes(from: UInt64)
}

/// Writes a list down, batch by batch.
private struct ListText<Item: Sendable>: Sendable {
  let form: ListForm
  let revision: UInt64
  let write: @Sendable (Item, inout Bytes) -> Void
  private var isFirst = true

  init(
    _ form: ListForm, _ revision: UInt64, _ write: @escaping @Sendable (Item, inout Bytes) -> Void
  ) {
    self.form = form
    self.revision = revision
    self.write = write
  }

  var head: Bytes {
    switch form {
    case .object: Bytes(utf8: "{")
    case .members(let name): Bytes(utf8: "{\"\(name)\":[")
    case .changes(let from): Bytes(utf8: "{\"from\":\(from),\"changes\":[")
    }
  }

  mutating func append(_ items: [Item], to bytes: inout Bytes) {
    for item in items {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      write(item, &bytes)
    }
  }

  var tail: Bytes {
    switch form {
    case .object: Bytes(utf8: "}")
    case .members, .changes: Bytes(utf8: "],\"revision\":\(revision)}")
    }
  }
}

extension Exchange {
  /// Answers with a list, whose items `write` appends to the body.
  func answer<Item: Sendable>(
    with list: Listing<Item>, _ form: ListForm,
    _ write: @escaping @Sendable (Item, inout Bytes) -> Void
  ) throws -> Response {
    let text = ListText(form, list.revision, write)
    var response = try list.whole.map { Self.short($0, text) } ?? long(list, text)
    response.headers.add(.revision, String(list.revision))
    response.headers.add(.consistency, try moment().consistency.rawValue)
    return response
  }

  private static func short<Item>(_ items: [Item], _ list: ListText<Item>) -> Response {
    var text = list
    var bytes = text.head
    text.append(items, to: &bytes)
    return Response(jsonText: bytes + text.tail)
  }

  private func long<Item>(
    _ list: Listing<Item>, _ text: ListText<Item>
  ) throws -> Response {
    try stream("application/json; charset=utf-8", list) { writer, pieces in
      var text = text
      var bytes = text.head
      while let items = try await pieces.next() {
        text.append(items, to: &bytes)
        try await writer.write(ByteBuffer(bytes: bytes))
        bytes = []
      }
      try await writer.write(ByteBuffer(bytes: text.tail))
    }
  }

  /// An answer whose body is made from the pieces of a long list.
  func stream<Item>(
    _ type: String, _ list: Listing<Item>,
    _ body:
      @escaping @Sendable (
        inout any ResponseBodyWriter, inout StreamedPieces<Item>
      ) async throws -> Void
  ) throws -> Response {
    try stream(type, node.lists) { [share, node] writer in
      var pieces = StreamedPieces(list, share, node.listTurns)
      try await body(&writer, &pieces)
    }
  }

  /// An answer whose body comes bit by bit. There is a limit to how many are under way.
  func stream(
    _ type: String, _ streams: OpenStreams,
    _ body: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
  ) throws -> Response {
    let seat = try streams.take(share)
    return Response(
      status: .ok, headers: [.contentType: type],
      body: ResponseBody { [share] writer in
        share.note(streams)
        defer {
          share.note(nil)
          seat.leave()
        }
        try await body(&writer)
        try await writer.finish(nil)
      })
  }
}

/// The pieces of a long list. Each takes its part of the room for answers until its client has taken
/// it.
struct StreamedPieces<Item: Sendable>: ~Copyable {
  private var iterator: Listing<Item>.Iterator
  private let share: AnswerRoom.Share
  private let turns: Turns
  /// There was room for the first one when the request was taken.
  private var isFirst = true

  fileprivate init(_ list: Listing<Item>, _ share: AnswerRoom.Share, _ turns: Turns) {
    iterator = list.makeAsyncIterator()
    self.share = share
    self.turns = turns
  }

  /// The next piece, when what was made of the last one is on its way.
  mutating func next() async throws -> [Item]? {
    if !isFirst {
      share.give()
      try await share.take(StreamedPiece.listBytes)
    }
    isFirst = false
    try await turns.take()
    defer { turns.pass() }
    return try await iterator.next()
  }
}

/// What a piece of a streamed answer takes in memory.
enum StreamedPiece {
  /// - Parameter data: what it is made of; its text takes as much again.
  static func bytes(of data: Int) -> Int { 2 * data }

  /// With the view of the state that a long list is read from.
  static let listBytes = 4 * bytes(of: ListPiece.bytes)
}

// Lists of any length as JSON: a short one at once, a long one batch by batch.

import HTTPTypes
import Hummingbird
import NIOCore
import PDBModel
import PDBStore

/// What stands before and after the items of a list.
enum ListForm {
  /// One object, of which each item is a member.
  case object
  /// `{"NAME":[...],"revision":N}`.
  case members(String)
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
    case .members: Bytes(utf8: "],\"revision\":\(revision)}")
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
    response.headers.add(.consistency, try moment().rawValue)
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
    try stream("application/json; charset=utf-8") { writer in
      var text = text
      var bytes = text.head
      for try await items in list {
        text.append(items, to: &bytes)
        try await writer.write(ByteBuffer(bytes: bytes))
        bytes = []
      }
      try await writer.write(ByteBuffer(bytes: text.tail))
    }
  }

  /// An answer whose body comes bit by bit. There is a limit to how many are under way.
  func stream(
    _ type: String, _ body: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
  ) throws -> Response {
    let seat = try node.streams.take()
    return Response(
      status: .ok, headers: [.contentType: type],
      body: ResponseBody { writer in
        defer { seat.leave() }
        try await body(&writer)
        try await writer.finish(nil)
      })
  }
}

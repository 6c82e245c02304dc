// Lists of any length: a small one is answered at once, a large one piece by piece from one
// consistent view, so that it never stands in memory as a whole.

import HTTPTypes
import Hummingbird
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

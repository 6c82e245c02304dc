// Large answers are compressed for clients that take that (RFC 9110, section 12.5.3).

import HTTPTypes
import Hummingbird
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPCompression

/// Compresses the body of one answer. Small ones are not worth the time, and events must not wait
/// for more.
struct Compression {
  /// The compressor is a handler of channels; this one has no other purpose.
  private let channel: EmbeddedChannel

  /// What is compressed at once; other work goes on in between.
  static let pieceBytes = 64 << 10
  /// About what compressing takes in memory until its end.
  static let stateBytes = 288 << 10
  private static let worthwhileBytes = 16 << 10

  /// Begins, and says so in the answer's headers; `nil` if it stays as it is.
  init?(_ response: inout Response, to request: Request, _ version: HTTPVersion) {
    if let length = response.body.contentLength, length < Self.worthwhileBytes { return nil }
    guard version == .http1_1, response.status != .notModified,
      response.headers.first(.contentType) != "text/event-stream",
      Self.isAccepted(request.headers[.acceptEncoding] ?? "")
    else { return nil }
    // Not before: making one costs more than a small answer.
    channel = EmbeddedChannel()
    let head = HTTPRequestHead(
      version: .http1_1, method: .GET, uri: "/", headers: ["Accept-Encoding": "gzip"])
    do {
      try channel.pipeline.syncOperations.addHandler(HTTPResponseCompressor())
      try channel.writeInbound(HTTPServerRequestPart.head(head))
      _ = try write(.head(HTTPResponseHead(version: .http1_1, status: .ok)))
    } catch { return nil }
    response.headers[.contentLength] = nil
    response.headers.add(.contentEncoding, "gzip")
    response.headers.add(.vary, "Accept-Encoding")
  }

  /// Whether a client takes gzip: named, or by `*`, and not with weight 0.
  static func isAccepted(_ list: String) -> Bool {
    for name in ["gzip", "*"] {
      for item in list.lowercased().split(separator: ",") {
        let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
        guard parts.first == name else { continue }
        let weight = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
        return weight.flatMap { Double($0) } != 0
      }
    }
    return false
  }

  func compress(_ piece: ByteBuffer) throws -> ByteBuffer {
    try write(.body(.byteBuffer(piece)))
  }

  func end() throws -> ByteBuffer {
    let rest = try write(.end(nil))
    _ = try channel.finish(acceptAlreadyClosed: true)
    return rest
  }

  private func write(_ part: HTTPServerResponsePart) throws -> ByteBuffer {
    try channel.writeOutbound(part)
    var output = ByteBuffer()
    while let written = try channel.readOutbound(as: HTTPServerResponsePart.self) {
      if case .body(.byteBuffer(var bytes)) = written { output.writeBuffer(&bytes) }
    }
    return output
  }
}

// How an answer becomes bytes (RFC 9112): the head, then a body of known length, or in chunks.

import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// Puts the bytes of one answer together.
struct AnswerFraming {
  /// Whether the body goes out piece by piece.
  let isStream: Bool
  private let isChunked: Bool
  private let hasBody: Bool
  private var buffer: ByteBuffer

  /// - Parameters:
  ///   - isStream: whether the body goes out piece by piece although its length is known.
  ///   - isLast: whether the connection ends with this answer.
  init(
    _ response: Response, _ version: HTTPVersion, hasBody: Bool, isStream: Bool = false,
    isLast: Bool
  ) {
    let length = isStream ? nil : response.body.contentLength
    let status = response.status
    let mayHaveBody = status.code >= 200 && status.code != 204 && status.code != 304
    self.isStream = length == nil
    // Older clients know a body's end by the connection's.
    isChunked = length == nil && version == .http1_1
    self.hasBody = hasBody && mayHaveBody
    buffer = ByteBuffer()
    buffer.reserveCapacity(512 + (length ?? 0))
    buffer.writeStaticString("HTTP/1.1 ")
    buffer.writeString(String(status.code))
    buffer.writeStaticString(" ")
    buffer.writeString(status.reasonPhrase)
    buffer.writeStaticString("\r\n")
    for field in response.headers {
      buffer.writeString(field.name.rawName)
      buffer.writeStaticString(": ")
      buffer.writeString(field.value)
      buffer.writeStaticString("\r\n")
    }
    buffer.writeStaticString("Date: ")
    buffer.writeString(HTTPDate.now)
    buffer.writeStaticString("\r\n")
    if isLast { buffer.writeStaticString("Connection: close\r\n") }
    if isChunked {
      buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
    } else if let length, mayHaveBody, !response.headers.has(.contentLength) {
      buffer.writeStaticString("Content-Length: ")
      buffer.writeString(String(length))
      buffer.writeStaticString("\r\n")
    }
    buffer.writeStaticString("\r\n")
  }

  mutating func add(_ content: ByteBuffer) {
    guard hasBody, content.readableBytes > 0 else { return }
    if isChunked {
      buffer.writeString(String(content.readableBytes, radix: 16))
      buffer.writeStaticString("\r\n")
      buffer.writeImmutableBuffer(content)
      buffer.writeStaticString("\r\n")
    } else {
      buffer.writeImmutableBuffer(content)
    }
  }

  mutating func end() {
    if isChunked && hasBody { buffer.writeStaticString("0\r\n\r\n") }
  }

  /// What is ready to go out.
  mutating func take() -> ByteBuffer {
    defer { buffer = ByteBuffer() }
    return buffer
  }
}

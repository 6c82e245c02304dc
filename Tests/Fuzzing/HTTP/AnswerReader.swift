// Answers, as a client reads them (RFC 9112).

import PDBModel

/// Takes whole answers off what a node has sent.
struct AnswerReader {
  private var bytes: Bytes = []
  /// Whether nothing more will come.
  var isAtEnd = false

  mutating func add(_ more: Bytes) { bytes += more }

  /// Whether a part of an answer is there.
  var hasRest: Bool { !bytes.isEmpty }

  /// - Returns: the status of the next answer that is no interim one; `nil` if not all of it is there.
  /// - Throws: ``Violation`` if that is no answer.
  mutating func next(to method: String) throws -> Int? {
    while let (status, fields, bodyStart) = try head() {
      guard let length = try bodyLength(status, fields, method, from: bodyStart) else { return nil }
      bytes.removeFirst(bodyStart + length)
      if status >= 200 { return status }
    }
    return nil
  }

  private func head() throws -> (status: Int, fields: [String: String], bodyStart: Int)? {
    guard let end = bytes.firstRange(of: Bytes(utf8: "\r\n\r\n"))?.lowerBound else { return nil }
    guard let text = Bytes(bytes[..<end]).utf8String else { throw wrong("its head is no text") }
    var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
    let words = lines.removeFirst().split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]),
      100..<600 ~= status
    else { throw wrong("it begins with '\(words)'") }
    var fields: [String: String] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
        throw wrong("a field is '\(line)'")
      }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      fields[line[..<colon].lowercased()] = String(value)
    }
    return (status, fields, end + 4)
  }

  /// - Returns: `nil` if not all of the body is there.
  private func bodyLength(
    _ status: Int, _ fields: [String: String], _ method: String, from start: Int
  ) throws -> Int? {
    if method == "HEAD" || status < 200 || status == 204 || status == 304 { return 0 }
    let there = bytes.count - start
    if fields["transfer-encoding"] == "chunked" { return try chunkedLength(from: start) }
    guard let text = fields["content-length"] else { return isAtEnd ? there : nil }
    guard let length = Int(text), length >= 0 else { throw wrong("its length is '\(text)'") }
    return length <= there ? length : nil
  }

  private func chunkedLength(from start: Int) throws -> Int? {
    var position = start
    while let end = bytes[position...].firstRange(of: Bytes(utf8: "\r\n")) {
      let text = String(decoding: bytes[position..<end.lowerBound], as: UTF8.self)
      guard let size = Int(text, radix: 16) else { throw wrong("a chunk begins with '\(text)'") }
      position = end.upperBound + size + 2
      guard position <= bytes.count else { return nil }
      guard bytes[position - 2..<position] == [13, 10] else { throw wrong("a chunk has no end") }
      if size == 0 { return position - start }
    }
    return nil
  }

  private func wrong(_ reason: String) -> Violation { Violation("not an answer: \(reason)") }
}

// Reading server-sent events (HTML Living Standard, section 9.2), without I/O.

import PDBModel

/// One event of a stream.
public struct ServerEvent: Sendable, Equatable {
  /// The type of the event; `message` if the stream names none.
  public let name: String
  /// The revision; `nil` if the stream has not told one yet.
  public let id: UInt64?
  /// The data, whose lines are joined by line feeds.
  public let data: String
}

/// Takes the bytes of a stream as they come and gives the events in them.
struct EventParser {
  private var line: Bytes = []
  private var name = ""
  private var data: [String] = []
  private(set) var lastID: UInt64?

  init(lastID: UInt64?) { self.lastID = lastID }

  /// The events that are complete with these bytes.
  mutating func parse(_ bytes: some Sequence<UInt8>) -> [ServerEvent] {
    var events: [ServerEvent] = []
    for byte in bytes {
      guard byte == UInt8(ascii: "\n") else {
        line.append(byte)
        continue
      }
      if let event = endLine() { events.append(event) }
      line.removeAll(keepingCapacity: true)
    }
    return events
  }

  private mutating func endLine() -> ServerEvent? {
    guard !line.isEmpty else { return dispatch() }
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
    let field = String(decoding: line[..<colon], as: UTF8.self)
    var value = line[colon...].dropFirst()
    if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
    let text = String(decoding: value, as: UTF8.self)
    switch field {
    case "event": name = text
    case "data": data.append(text)
    case "id": lastID = UInt64(text) ?? lastID
    // Comments have no field's name; others are ignored.
    default: break
    }
    return nil
  }

  private mutating func dispatch() -> ServerEvent? {
    defer {
      name = ""
      data = []
    }
    guard !data.isEmpty else { return nil }
    return ServerEvent(
      name: name.isEmpty ? "message" : name, id: lastID, data: data.joined(separator: "\n"))
  }
}

// What stands under the keys: JSON that `etcdctl get` shows as it is.

import PDBModel

/// `{"revision":42,"value":...}`. The value stands there byte for byte, so that reading it needs no JSON. What
/// is no JSON stands there as a `text`, or as `value_b64`.
enum StoredRecord {
  private static let head = Bytes(#"{"revision":"#.utf8)
  private static let json = Bytes(#","value":"#.utf8)
  private static let text = Bytes(#","text":"#.utf8)
  private static let binary = Bytes(#","value_b64":""#.utf8)

  static func encode(_ stored: StoredValue) -> Bytes {
    let number = Bytes(String(stored.revision).utf8)
    if stored.value.isJSONText {
      return head + number + json + stored.value + Bytes("}".utf8)
    }
    // Control characters take six bytes each as JSON.
    if let text = stored.value.utf8String, !stored.value.isLongerAsText {
      return head + number + Self.text + JSON.string(text).serialized() + Bytes("}".utf8)
    }
    return head + number + binary + Bytes(stored.value.base64.utf8) + Bytes("\"}".utf8)
  }

  /// - Returns: `nil` for what ``encode(_:)`` does not write.
  static func decode(_ bytes: Bytes) -> StoredValue? {
    guard bytes.starts(with: head), bytes.last == UInt8(ascii: "}") else { return nil }
    var rest = bytes.dropFirst(head.count).dropLast()
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    guard let revision = UInt64(String(decoding: digits, as: UTF8.self)) else { return nil }
    rest = rest.dropFirst(digits.count)
    if rest.starts(with: json) {
      return StoredValue(value: Bytes(rest.dropFirst(json.count)), revision: revision)
    }
    if rest.starts(with: text) {
      let json = try? JSON(parsing: rest.dropFirst(text.count))
      return json?.string.map { StoredValue(value: Bytes(utf8: $0), revision: revision) }
    }
    guard rest.starts(with: binary), rest.last == UInt8(ascii: "\"") else { return nil }
    let text = String(decoding: rest.dropFirst(binary.count).dropLast(), as: UTF8.self)
    return Bytes(base64: text).map { StoredValue(value: $0, revision: revision) }
  }

  /// What a key held before a revision: `{}` if nothing.
  static func encode(version stored: StoredValue?) -> Bytes {
    stored.map(encode) ?? Bytes("{}".utf8)
  }

  /// - Returns: `nil` for what ``encode(version:)`` does not write.
  static func decode(version bytes: Bytes) -> StoredValue?? {
    if bytes == Bytes("{}".utf8) { return .some(nil) }
    return decode(bytes).map(Optional.some)
  }
}

/// A revision, and which keys it changed.
struct HistoryRecord {
  let record: RevisionRecord
  let keys: [Bytes]

  init(_ record: RevisionRecord, keys: [Bytes]) {
    self.record = record
    self.keys = keys
  }

  var encoded: Bytes {
    var members: [JSON.Member] = [
      .init("time", .string(record.stamp.time.description)),
      .init("author", .string(record.stamp.author)),
      .init("operation", .string(record.operation)),
    ]
    if let request = record.stamp.request { members.append(.init("request", .string(request.id))) }
    members += [
      .init("index", JSON(record.index)), .init("bytes", JSON(record.byteCount)),
      .init("keys", .array(keys.map(\.jsonKey))),
    ]
    return JSON.object(members).serialized()
  }

  /// - Returns: `nil` for what ``encoded`` does not write.
  init?(_ bytes: Bytes, number: UInt64) {
    guard let json = try? JSON(parsing: bytes), let author = json["author"]?.string,
      let time = json["time"]?.string.flatMap(Timestamp.init(parsing:)),
      let operation = json["operation"]?.string, let index = json["index"]?.uint64,
      let byteCount = json["bytes"]?.uint64, let list = json["keys"]?.array
    else { return nil }
    let keys = list.compactMap(Bytes.init(jsonKey:))
    guard keys.count == list.count else { return nil }
    let request = json["request"]?.string.map(RequestID.init(stored:))
    record = RevisionRecord(
      number: number, index: index, term: 0,
      stamp: Stamp(time: time, author: author, request: request), operation: operation,
      count: keys.count, visibleCount: keys.count { !$0.starts(with: SystemKeys.prefix) },
      byteCount: byteCount)
    self.keys = keys
  }
}

/// The answer to a request.
enum RequestRecord {
  static func encode(_ request: RememberedRequest) -> Bytes {
    let json: JSON = [
      "index": JSON(request.index), "revision": JSON(request.revision),
      "fingerprint": JSON(request.fingerprint), "time": .string(request.time.description),
      "answer_b64": .string(request.answer.base64),
    ]
    return json.serialized()
  }

  /// - Returns: `nil` for what ``encode(_:)`` does not write.
  static func decode(_ bytes: Bytes, id: String) -> RememberedRequest? {
    guard let json = try? JSON(parsing: bytes), let index = json["index"]?.uint64,
      let fingerprint = json["fingerprint"]?.uint64, let revision = json["revision"]?.uint64,
      let time = json["time"]?.string.flatMap(Timestamp.init(parsing:)),
      let answer = json["answer_b64"]?.string.flatMap(Bytes.init(base64:))
    else { return nil }
    return RememberedRequest(
      index: index, id: id, fingerprint: fingerprint, time: time, revision: revision,
      answer: answer)
  }
}

/// The id of a request, in the order of the requests.
struct RequestNumber {
  let id: String
  let revision: UInt64
  let time: Timestamp

  init(_ request: RememberedRequest) {
    (id, revision, time) = (request.id, request.revision, request.time)
  }

  var encoded: Bytes {
    let json: JSON = [
      "id": .string(id), "revision": JSON(revision), "time": .string(time.description),
    ]
    return json.serialized()
  }

  /// - Returns: `nil` for what ``encoded`` does not write.
  init?(_ bytes: Bytes) {
    guard let json = try? JSON(parsing: bytes), let id = json["id"]?.string,
      let revision = json["revision"]?.uint64,
      let time = json["time"]?.string.flatMap(Timestamp.init(parsing:))
    else { return nil }
    (self.id, self.revision, self.time) = (id, revision, time)
  }
}

extension Bytes {
  /// A key in a list of keys: text, or an object with its bytes.
  fileprivate var jsonKey: JSON {
    utf8String.map { .string($0) } ?? ["key_b64": .string(base64)]
  }

  fileprivate init?(jsonKey json: JSON) {
    if let text = json.string {
      self = Bytes(utf8: text)
    } else if let bytes = json["key_b64"]?.string.flatMap(Bytes.init(base64:)) {
      self = bytes
    } else {
      return nil
    }
  }

  /// Whether base64 is shorter than the same as a JSON text.
  fileprivate var isLongerAsText: Bool { count { $0 < 0x20 } * 15 > count }

  /// Whether these bytes can stand in a JSON text as a value.
  fileprivate var isJSONText: Bool { (try? JSON(parsing: self)) != nil }
}

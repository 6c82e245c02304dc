// Keys, values and pairs as JSON: the form over HTTP, in exports and with `--json`.
//
//   {"key":"a","value":1,"revision":7}
//
// A key that is not text is {"key":null,"key_b64":"..."}, a value that is not JSON
// {"value":null,"value_b64":"..."} (RFC 4648, section 4).

import Foundation

extension Bytes {
  /// A key's members.
  package var jsonMembers: [JSON.Member] {
    guard utf8String == nil else { return [.init("key", JSON(utf8String))] }
    return [.init("key", .null), .init("key_b64", .string(base64))]
  }

  /// The key that an object names; `nil` if it names none.
  package init?(keyIn json: JSON) {
    if let text = json["key"]?.string {
      self.init(utf8: text)
    } else if let data = json["key_b64"]?.string.flatMap({ Data(base64Encoded: $0) }) {
      self.init(data)
    } else {
      return nil
    }
  }
}

extension Pair {
  /// `{"key","value","revision"}`; see the head of this file for bytes that are not text.
  public var json: JSON { .object(members) }

  var members: [JSON.Member] {
    key.jsonMembers + Self.valueMembers(value) + [.init("revision", JSON(revision))]
      + (remaining.map { [.init("ttl_ms", JSON(UInt64(max(0, $0.milliseconds))))] } ?? [])
  }

  /// Appends what ``json`` is, without making it.
  ///
  /// - Parameter isJSON: whether the value is known to be JSON, so that it need not be looked at.
  package func write(to output: inout Bytes, isJSON: Bool = false) {
    output.append(UInt8(ascii: "{"))
    writeMembers(to: &output, isJSON: isJSON)
    output.append(UInt8(ascii: "}"))
  }

  /// The same without what encloses it.
  package func writeMembers(to output: inout Bytes, isJSON: Bool = false) {
    guard remaining == nil, isJSON || (try? JSON(parsing: value)) != nil, key.utf8String != nil
    else {
      return output.append(contentsOf: json.serialized().dropFirst().dropLast())
    }
    output.append(contentsOf: "\"key\":".utf8)
    key.withUnsafeBufferPointer { JSON.write($0, to: &output) }
    output.append(contentsOf: ",\"value\":".utf8)
    output.append(contentsOf: value)
    output.append(contentsOf: ",\"revision\":".utf8)
    output.append(contentsOf: String(revision).utf8)
  }

  /// A value's members.
  package static func valueMembers(_ value: Bytes) -> [JSON.Member] {
    if let json = try? JSON(parsing: value) { return [.init("value", json)] }
    return [.init("value", .null), .init("value_b64", .string(value.base64))]
  }

  /// The pair of such an object; `nil` if it has no key or no value.
  public init?(json: JSON) {
    guard let key = Bytes(keyIn: json), let value = Bytes(valueIn: json) else { return nil }
    self.init(key: key, value: value, revision: json["revision"]?.uint64 ?? 0)
    remaining = json["ttl_ms"]?.int64.map { .milliseconds($0) }
  }

  /// The value as JSON; bytes that are not JSON as `{"value_b64"}`.
  public var jsonValue: JSON { JSON(stored: value) }
}

extension Bytes {
  /// The value that an object has; `nil` if it has none.
  fileprivate init?(valueIn json: JSON) {
    if let encoded = json["value_b64"]?.string {
      guard let data = Data(base64Encoded: encoded) else { return nil }
      self.init(data)
    } else if let value = json["value"] {
      self = value.serialized()
    } else {
      return nil
    }
  }
}

extension JSON {
  /// A stored value as it is shown: the JSON it is, or an object with its bytes.
  public init(stored value: Bytes?) {
    guard let value else {
      self = .null
      return
    }
    self = (try? JSON(parsing: value)) ?? ["value_b64": .string(value.base64)]
  }

  /// The bytes of a value as ``init(stored:)`` shows it; `nil` for `null`.
  package var storedValue: Bytes? {
    if isNull { return nil }
    if let members, members.count == 1, let encoded = self["value_b64"]?.string,
      let data = Data(base64Encoded: encoded)
    {
      return Bytes(data)
    }
    return serialized()
  }
}

// MARK: New pairs

extension NewPair {
  /// `{"key","value"}`; see the head of this file for bytes that are not text.
  public var json: JSON { .object(key.jsonMembers + Pair.valueMembers(value)) }

  /// A pair as a client sends it.
  ///
  /// - Throws: `invalid_key`, `invalid_value`, or what would be lost of a task.
  package init(json: JSON) throws { try self.init(value: json.value(), under: json.key()) }

  /// A pair whose value a client sends for a key.
  ///
  /// - Throws: what would be lost of a task.
  package init(value: Bytes, under key: Bytes) throws {
    self.init(key: key, value: value)
    try TaskItem.check(value, under: key)
  }

  /// Whether the value of a pair that was read from JSON, or made by ``storedValue(of:)``, is JSON: all
  /// text is.
  package var isJSON: Bool { value.utf8String != nil }

  /// A value as it is stored: JSON, or bytes that are not text.
  ///
  /// - Parameter bytes: text that is not JSON becomes a JSON string.
  public static func storedValue(of bytes: Bytes) -> Bytes {
    guard let text = bytes.utf8String else { return bytes }
    return ((try? JSON(parsing: bytes)) ?? .string(text)).serialized()
  }
}

extension JSON {
  /// The key that a request names.
  package func key() throws -> Bytes {
    if let encoded = self["key_b64"] {
      guard let key = encoded.string.flatMap({ Data(base64Encoded: $0) }) else {
        throw PDBError(.invalidKey, "'key_b64' is not base64")
      }
      guard self["key"].map({ $0.isNull || $0.string != nil }) != false else {
        throw PDBError(.invalidKey, "'key' is missing or not a string")
      }
      return try Limits.check(key: Bytes(key))
    }
    return try Limits.check(key: Bytes(utf8: text("key", .invalidKey)))
  }

  /// The value to store: any JSON value, or bytes that are not text as `value_b64`.
  package func value() throws -> Bytes {
    if let encoded = self["value_b64"] {
      guard let data = encoded.string.flatMap({ Data(base64Encoded: $0) }) else {
        throw PDBError(.invalidValue, "'value_b64' is not base64")
      }
      return try Limits.check(value: NewPair.storedValue(of: Bytes(data)))
    }
    guard let json = self["value"] else { throw PDBError(.invalidValue, "'value' is missing") }
    return try Limits.check(value: json.serialized())
  }

  /// A member that must be a string.
  package func text(_ name: String, _ code: PDBError.Code) throws -> String {
    guard let text = self[name]?.string else {
      throw PDBError(code, "'\(name)' is missing or not a string")
    }
    return text
  }
}

extension Limits {
  /// - Throws: `invalid_value` for bytes that are no JSON.
  package static func check(json value: Bytes) throws(PDBError) -> Bytes {
    guard (try? JSON(parsing: value)) != nil else {
      throw PDBError(.invalidValue, "'\(value.shown)' is not JSON")
    }
    return try check(value: value)
  }

  package static func check(key: Bytes) throws(PDBError) -> Bytes {
    guard !key.isEmpty else { throw PDBError(.invalidKey, "a key cannot be empty") }
    guard key.count <= keyBytes else {
      throw PDBError(.invalidKey, "the key has \(key.count) bytes, the limit is \(keyBytes)")
    }
    guard key[0] != 0 else {
      throw PDBError(.invalidKey, "keys that start with a NUL byte are pdb's own")
    }
    return key
  }

  package static func check(value: Bytes) throws(PDBError) -> Bytes {
    guard value.count <= valueBytes else {
      throw PDBError(
        .invalidValue, "the value has \(value.count) bytes, the limit is \(valueBytes)")
    }
    return value
  }

  package static func check(count: Int, of what: String) throws(PDBError) {
    guard count <= batchCount else {
      throw PDBError(
        .tooMany, "\(count) \(what) at once, the limit is \(batchCount)",
        hint: "send them in several requests")
    }
  }
}

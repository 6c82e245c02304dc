// Key-value pairs over HTTP.

import Foundation
import HTTPTypes
import Hummingbird

extension Endpoint {
  static let pairs: [Endpoint] = [
    Endpoint(
      .post, "/set",
      "Sets a key: {\"key\",\"value\"}; or many as one change: {\"pairs\":[{\"key\",\"value\"},...]}",
      takesConditions: true
    ) { exchange in
      let object = try exchange.object()
      if let pairs = object["pairs"] { return try await exchange.set(pairs) }
      return try await exchange.propose(
        .set(key: object.key(), value: object.value(), exchange.condition())
      ) { answer in
        try answer.pair().response(with: ["status": "ok", "role": "leader"])
      }
    },
    Endpoint(.post, "/increment", "Adds to a number: {\"key\",\"by\"}") { exchange in
      let object = try exchange.object()
      let amount = object["by"] ?? 1
      guard let amount = amount.int64 else {
        throw PDBError(.badRequest, "'by' must be a whole number of 64 bits")
      }
      return try await exchange.propose(.increment(key: object.key(), by: amount)) {
        try $0.pair().response()
      }
    },
    Endpoint(.post, "/append", "Adds to the end of a list: {\"key\",\"values\":[...]}") {
      exchange in
      let object = try exchange.object()
      guard let values = object["values"]?.array, !values.isEmpty else {
        throw PDBError(.badRequest, "'values' must be a list with at least one value")
      }
      try Limits.check(count: values.count, of: "values")
      return try await exchange.propose(
        .append(key: object.key(), values: values.map { $0.serialized() })
      ) { try $0.pair().response() }
    },
    Endpoint(.post, "/delete", "Removes keys as one change: {\"keys\":[...]}") { exchange in
      guard let keys = try exchange.object()["keys"]?.array, !keys.isEmpty else {
        throw PDBError(.badRequest, "'keys' must be a list with at least one key")
      }
      try Limits.check(count: keys.count, of: "keys")
      return try await exchange.propose(
        .delete(
          keys: keys.map { try Limits.check(key: Bytes(utf8: $0.string ?? "")) }, .none)
      ) { answer in
        Response(json: ["status": "deleted", "count": JSON(try answer.removed())])
      }
    },
    Endpoint(.get, "/jobs", "All pairs as one object") { exchange in
      try await exchange.read { view, _ in
        var members: [JSON.Member] = []
        try view.scan(from: SystemKeys.firstUserKey, to: nil, reversed: false) { key, stored in
          members.append(.init(key.utf8String ?? key.shown, JSON(stored: stored.value)))
          return true
        }
        return Response(json: .object(members))
      }
    },
    Endpoint(.get, "/kv", "Pairs in the order of their keys; ?prefix=, ?limit=, ?after=") {
      exchange in
      let prefix = Bytes(utf8: exchange.query("prefix") ?? "")
      let limit = try exchange.count("limit") ?? .max
      let after = exchange.query("after").map { Bytes(utf8: $0) + [0] }
      return try await exchange.read { view, mark in
        var pairs: [JSON] = []
        var start = prefix.isEmpty ? SystemKeys.firstUserKey : prefix
        if let after, start.lexicographicallyPrecedes(after) { start = after }
        if limit > 0 {
          try view.scan(from: start, to: prefix.prefixEnd, reversed: false) { key, stored in
            if key.starts(with: SystemKeys.prefix) { return true }
            let pair = Pair(key: key, value: stored.value, revision: stored.revision)
            pairs.append(.object(pair.members))
            return pairs.count < limit
          }
        }
        return Response(json: ["pairs": .array(pairs), "revision": JSON(mark.revision)])
      }
    },
    Endpoint(.get, "/kv/**", "The value of a key") { exchange in
      let key = try exchange.pathKey()
      return try await exchange.read(.keys) { view, _ in
        guard let stored = try view.get(key) else {
          throw PDBError(.keyNotFound, "no key '\(key.shown)'")
        }
        return Pair(key: key, value: stored.value, revision: stored.revision).response()
      }
    },
    Endpoint(.put, "/kv/**", "Sets a key: {\"value\"}", takesConditions: true) { exchange in
      try await exchange.propose(
        .set(
          key: exchange.pathKey(), value: exchange.object().value(), exchange.condition())
      ) { try $0.pair().response() }
    },
    Endpoint(.delete, "/kv/**", "Removes a key", takesConditions: true) { exchange in
      try await exchange.propose(
        .delete(keys: [exchange.pathKey()], exchange.condition())
      ) { answer in
        Response(json: ["status": "deleted", "count": JSON(try answer.removed())])
      }
    },
    // Kept for the seed's users, harmlessly: an ordinary change, through consensus.
    Endpoint(.post, "/replicate", "Sets a key, or removes it with null: {\"key\",\"value\"}") {
      exchange in
      let object = try exchange.object()
      let key = try object.key()
      let operation: Operation =
        if object["value"]?.isNull == true {
          .delete(keys: [key], .none)
        } else {
          .set(key: key, value: try object.value(), .none)
        }
      do {
        return try await exchange.propose(operation) { _ in
          Response(json: ["status": "replicated"])
        }
      } catch let error as PDBError where error.code == .keyNotFound {
        return Response(json: ["status": "replicated"])
      }
    },
  ]
}

extension Exchange {
  fileprivate func set(_ pairs: JSON) async throws -> Response {
    guard let pairs = pairs.array, !pairs.isEmpty else {
      throw PDBError(
        .badRequest, "'pairs' must be a list with at least one {\"key\",\"value\"}")
    }
    try Limits.check(count: pairs.count, of: "pairs")
    guard try condition() == .none else {
      throw PDBError(.badRequest, "many pairs cannot be set under one condition")
    }
    let operation = Operation.setMany(
      try pairs.map { NewPair(key: try $0.key(), value: try $0.value()) })
    return try await propose(operation) { answer in
      Response(json: ["status": "ok", "count": JSON(try answer.changed())])
    }
  }

  /// The key is the rest of the path, slashes and all, as bytes.
  fileprivate func pathKey() throws -> Bytes {
    guard request.uri.path.hasPrefix("/kv/") else {
      throw PDBError(.invalidKey, "the key must follow '/kv/'")
    }
    let encoded = request.uri.path.dropFirst("/kv/".count)
    var key: Bytes = []
    var rest = Substring(encoded).utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        key.append(byte)
        continue
      }
      let digits = String(Substring(rest.prefix(2)))
      guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16)
      else {
        throw PDBError(.invalidKey, "the key in the path is not percent-encoded correctly")
      }
      key.append(value)
      rest = rest.dropFirst(2)
    }
    return try Limits.check(key: key)
  }
}

extension JSON {
  func key() throws -> Bytes {
    if let encoded = self["key_b64"]?.string {
      guard let key = Data(base64Encoded: encoded) else {
        throw PDBError(.invalidKey, "'key_b64' is not base64")
      }
      return try Limits.check(key: key.bytes)
    }
    return try Limits.check(key: Bytes(utf8: text("key", .invalidKey)))
  }

  /// The value to store: any JSON value, or bytes that are not text as `value_b64`.
  func value() throws -> Bytes {
    let value: Bytes
    if let encoded = self["value_b64"]?.string {
      guard let data = Data(base64Encoded: encoded) else {
        throw PDBError(.invalidValue, "'value_b64' is not base64")
      }
      value = Bytes(data)
      if let text = value.utf8String, (try? JSON(parsing: value)) == nil {
        return try Limits.check(value: JSON.string(text).serialized())
      }
    } else if let json = self["value"] {
      value = json.serialized()
    } else {
      throw PDBError(.invalidValue, "'value' is missing")
    }
    return try Limits.check(value: value)
  }

  /// A member that must be a string.
  func text(_ name: String, _ code: PDBError.Code) throws -> String {
    guard let text = self[name]?.string else {
      throw PDBError(code, "'\(name)' is missing or not a string")
    }
    return text
  }
}

extension Pair {
  var members: [JSON.Member] {
    var members = key.jsonMembers
    if let json = try? JSON(parsing: value) {
      members.append(.init("value", json))
    } else {
      members.append(.init("value", .null))
      members.append(.init("value_b64", .string(value.base64)))
    }
    members.append(.init("revision", JSON(revision)))
    return members
  }

  fileprivate func response(with more: [JSON.Member] = []) -> Response {
    var response = Response(json: .object(more + members))
    response.headers.add(.eTag, "\"\(revision)\"")
    return response
  }

  fileprivate func response(with more: KeyValuePairs<String, JSON>) -> Response {
    response(with: more.map { JSON.Member($0.key, $0.value) })
  }
}

extension Limits {
  static func check(key: Bytes) throws -> Bytes {
    guard !key.isEmpty else { throw PDBError(.invalidKey, "a key cannot be empty") }
    guard key.count <= keyBytes else {
      throw PDBError(.invalidKey, "the key has \(key.count) bytes, the limit is \(keyBytes)")
    }
    guard key[0] != 0 else {
      throw PDBError(.invalidKey, "keys that start with a NUL byte are pdb's own")
    }
    return key
  }

  static func check(value: Bytes) throws -> Bytes {
    guard value.count <= valueBytes else {
      throw PDBError(
        .invalidValue, "the value has \(value.count) bytes, the limit is \(valueBytes)")
    }
    return value
  }

  static func check(count: Int, of what: String) throws {
    guard count <= batchCount else {
      throw PDBError(
        .tooMany, "\(count) \(what) at once, the limit is \(batchCount)",
        hint: "send them in several requests")
    }
  }
}

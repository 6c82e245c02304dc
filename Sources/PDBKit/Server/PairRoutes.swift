// Key-value pairs over HTTP.

import Foundation
import HTTPTypes
import Hummingbird

extension Endpoint {
  static let pairs: [Endpoint] = [
    Endpoint(
      .post, "/set",
      "Sets a key: {\"key\",\"value\"}; or many as one change: {\"pairs\":[{\"key\",\"value\"},...]}",
      query: ["force"], takesConditions: true
    ) { exchange in
      let object = try exchange.object()
      if let pairs = object["pairs"] { return try await exchange.set(pairs) }
      return try await exchange.set(object.newPair()) {
        try $0.pair().response(with: ["status": "ok", "role": "leader"])
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
    Endpoint(.get, "/jobs", "All pairs as one object", query: ["consistency"]) {
      try await $0.list(PairListing(.members))
    },
    Endpoint(
      .get, "/kv",
      "Pairs in the order of their keys; ?prefix=, ?limit=, ?after=; tasks only with ?tasks=true",
      query: ["prefix", "limit", "after", "tasks", "consistency"]
    ) { try await $0.listPairs() },
    Endpoint(.get, "/kv/**", "The value of a key", query: ["consistency"]) { exchange in
      let key = try exchange.pathKey()
      return try await exchange.read(.keys) { view, _ in
        guard let stored = try view.get(key) else {
          throw PDBError(.keyNotFound, "no key '\(key.shown)'")
        }
        return Pair(key: key, value: stored.value, revision: stored.revision).response()
      }
    },
    Endpoint(
      .put, "/kv/**", "Sets a key: {\"value\"}; ?force=true", query: ["force"],
      takesConditions: true
    ) { exchange in
      let pair = try exchange.object().newPair(under: exchange.pathKey())
      return try await exchange.set(pair) { answer in
        let pair = try answer.pair()
        var response = pair.response()
        if pair.isNew { response.status = .created }
        return response
      }
    },
    Endpoint(.delete, "/kv/**", "Removes a key", takesConditions: true) { exchange in
      try await exchange.propose(
        .delete(keys: [exchange.pathKey()], exchange.condition())
      ) { answer in
        Response(json: ["status": "deleted", "count": JSON(try answer.removed())])
      }
    },
    // Kept for the seed's users, harmlessly: an ordinary change, through consensus.
    Endpoint(
      .post, "/replicate", "Sets a key, or removes it with null: {\"key\",\"value\"}",
      query: ["force"]
    ) { try await $0.replicate() },
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
    let new = try pairs.map { try $0.newPair() }
    try await spareTasks(new)
    return try await propose(.setMany(new)) { answer in
      Response(json: ["status": "ok", "count": JSON(try answer.changed())])
    }
  }

  fileprivate func set(
    _ pair: NewPair, _ body: (Answer) throws -> Response
  ) async throws -> Response {
    try await spareTasks([pair])
    return try await propose(.set(key: pair.key, value: pair.value, condition()), body)
  }

  fileprivate func replicate() async throws -> Response {
    let object = try object()
    let replicated = Response(json: ["status": "replicated"])
    guard object["value"]?.isNull == true else {
      return try await set(object.newPair()) { _ in replicated }
    }
    do {
      return try await propose(.delete(keys: [object.key()], .none)) { _ in replicated }
    } catch let error as PDBError where error.code == .keyNotFound {
      return replicated
    }
  }

  /// Refuses to put in a task's place what is none: it would vanish from the list.
  ///
  /// - Throws: `conflict` without `?force=true`. For a repeated request the outcome is unknown:
  ///   the first attempt may have been made before there was a task.
  private func spareTasks(_ pairs: [NewPair]) async throws {
    let risky = pairs.filter { pair in
      TaskKeys.isTask(pair.key) && JSON(objectIn: pair.value)?["title"] == nil
    }
    guard !risky.isEmpty, try !flag("force"), engine.status.isLeader else { return }
    // A leader's own state has every task that was acknowledged.
    let found = try await engine.read(.stale, .keys) { view, _ in
      try risky.lazy.compactMap { pair in
        try view.get(pair.key).flatMap(VersionedTask.init)
      }.first
    }
    guard let task = found?.task else { return }
    throw PDBError(
      .conflict,
      "'task_\(task.id.escapingControlCharacters)' is task \(task.number), and the value is none",
      outcome: request.headers.has(.requestAge) ? .unknown : .notApplied,
      hint: "remove the task, or set it all the same: --force (HTTP: '?force=true')",
      details: [.init("revision", JSON(found?.revision ?? 0))])
  }

  fileprivate func listPairs() async throws -> Response {
    let prefix = Bytes(utf8: query("prefix") ?? "")
    var listing = PairListing(
      .objects, from: prefix.isEmpty ? SystemKeys.firstUserKey : prefix, to: prefix.prefixEnd)
    if let after = query("after").map({ Bytes(utf8: $0) + [0] }),
      listing.start.lexicographicallyPrecedes(after)
    {
      listing.start = after
    }
    listing.limit = try count("limit") ?? .max
    listing.hidesTasks = try !flag("tasks") && !prefix.starts(with: TaskKeys.prefix)
    return try await list(listing)
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

  /// The pair to set; nothing of a task must get lost.
  ///
  /// - Parameter key: where it is not in the object.
  func newPair(under key: Bytes? = nil) throws -> NewPair {
    let pair = NewPair(key: try key ?? self.key(), value: try value())
    try TaskItem.check(pair.value, under: pair.key)
    return pair
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

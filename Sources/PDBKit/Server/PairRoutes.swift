// Key-value pairs over HTTP.

import HTTPTypes
import Hummingbird
import PDBModel
import PDBStore

extension Endpoint {
  static let pairs: [Endpoint] = [
    Endpoint(
      .post, "/set",
      "Sets a key: {\"key\",\"value\"}; or many as one change: {\"pairs\":[{\"key\",\"value\"},...]}",
      query: ["force"], takesConditions: true
    ) { exchange in
      let object = try exchange.object()
      if let pairs = object["pairs"] { return try await exchange.set(pairs) }
      return try await exchange.set(NewPair(json: object)) { pair, isJSON in
        pair.response(after: #""status":"ok","role":"leader","#, isJSON: isJSON)
      }
    },
    Endpoint(.post, "/increment", "Adds to a number: {\"key\",\"by\"}") { exchange in
      let object = try exchange.object()
      let amount = object["by"] ?? 1
      guard let amount = amount.int64 else {
        throw PDBError(.badRequest, "'by' must be a whole number of 64 bits")
      }
      return try await exchange.apply(.increment(object.key(), by: amount)) {
        try $0.onePair.response()
      }
    },
    Endpoint(.post, "/append", "Adds to the end of a list: {\"key\",\"values\":[...]}") {
      exchange in
      let object = try exchange.object()
      guard let values = object["values"]?.array, !values.isEmpty else {
        throw PDBError(.badRequest, "'values' must be a list with at least one value")
      }
      return try await exchange.apply(
        .append(object.key(), values.map { $0.serialized() })
      ) { try $0.onePair.response() }
    },
    Endpoint(
      .post, "/delete",
      "Removes keys as one change: {\"keys\":[...]}, each a string or {\"key_b64\"}",
      takesConditions: true
    ) { exchange in
      guard let keys = try exchange.object()["keys"]?.array, !keys.isEmpty else {
        throw PDBError(.badRequest, "'keys' must be a list with at least one key")
      }
      return try await exchange.delete(
        keys.map { $0.string.map { Bytes(utf8: $0) } ?? Bytes(keyIn: $0) ?? [] },
        exchange.condition())
    },
    Endpoint(
      .get, "/jobs", "All pairs as one object", query: ["consistency"],
      answerBytes: StreamedPiece.listBytes
    ) {
      try await $0.listJobs()
    },
    Endpoint(
      .get, "/kv",
      "Pairs in the order of their keys; ?prefix=, ?limit=, ?after=; tasks only with ?tasks=true",
      query: ["prefix", "limit", "after", "tasks", "consistency"],
      answerBytes: StreamedPiece.listBytes
    ) { try await $0.listPairs() },
    Endpoint(.get, "/kv/**", "The value of a key", query: ["consistency"]) {
      try await $0.show($0.pathKey())
    },
    // What clients shorten in a path (`..`), and what is no text, stands in the query.
    Endpoint(
      .get, "/pair", "The value of a key: ?key= or ?key_b64=",
      query: ["key", "key_b64", "consistency"]
    ) { try await $0.show($0.queryKey()) },
    Endpoint(
      .put, "/kv/**", "Sets a key: {\"value\"}; ?force=true", query: ["force"],
      takesConditions: true
    ) { exchange in
      let new = try NewPair(json: exchange.object(), under: exchange.pathKey())
      return try await exchange.set(new) { pair, isJSON in
        var response = pair.response(isJSON: isJSON)
        if pair.isNew { response.status = .created }
        return response
      }
    },
    Endpoint(.delete, "/kv/**", "Removes a key", takesConditions: true) { exchange in
      try await exchange.delete([exchange.pathKey()], exchange.condition())
    },
    // Kept for the seed's users, harmlessly: an ordinary change, through consensus.
    Endpoint(
      .post, "/replicate", "Sets a key, or removes it with null: {\"key\",\"value\"}",
      query: ["force"]
    ) { try await $0.replicate() },
  ]
}

extension Exchange {
  fileprivate func show(_ key: Bytes) async throws -> Response {
    let read = try await store.get(key, at: moment())
    guard let pair = read.value else {
      throw PDBError(
        .keyNotFound, "no key '\(key.shown)'", details: [.init("revision", JSON(read.revision))])
    }
    return try answer(pair.response(), readAt: read.revision)
  }

  private func safety() throws -> Change.TaskSafety { try flag("force") ? .force : .spare }

  fileprivate func set(_ pairs: JSON) async throws -> Response {
    guard let pairs = pairs.array, !pairs.isEmpty else {
      throw PDBError(
        .badRequest, "'pairs' must be a list with at least one {\"key\",\"value\"}")
    }
    guard try condition() == .none else {
      throw PDBError(.badRequest, "many pairs cannot be set under one condition")
    }
    try Limits.check(count: pairs.count, of: "pairs")
    let new = try pairs.map { try NewPair(json: $0) }
    return try await apply(.setMany(new, safety())) { answer in
      Response(json: ["status": "ok", "count": JSON(answer.count)])
    }
  }

  fileprivate func set(
    _ new: NewPair, _ body: (_ pair: Pair, _ isJSON: Bool) throws -> Response
  ) async throws -> Response {
    try await apply(.set(new, condition(), safety())) { answer in
      let pair = try answer.onePair
      // What is text in a new pair is JSON; a task may have become another value.
      return try body(pair, pair.value.isSame(as: new.value) && new.isJSON)
    }
  }

  fileprivate func delete(_ keys: [Bytes], _ condition: Condition) async throws -> Response {
    try await apply(.delete(keys, condition)) { answer in
      Response(json: ["status": "deleted", "count": JSON(answer.count)])
    }
  }

  fileprivate func replicate() async throws -> Response {
    let object = try object()
    let replicated = Response(json: ["status": "replicated"])
    guard object["value"]?.isNull == true else {
      return try await set(NewPair(json: object)) { _, _ in replicated }
    }
    do {
      return try await apply(.delete([object.key()], .none)) { _ in replicated }
    } catch let error as PDBError where error.code == .keyNotFound {
      return replicated
    }
  }

  fileprivate func listPairs() async throws -> Response {
    let wanted = PairQuery(
      prefix: Bytes(utf8: query("prefix") ?? ""), after: query("after").map { Bytes(utf8: $0) },
      limit: try count("limit"), includesTasks: try flag("tasks"))
    return try await answer(with: store.pairs(wanted, at: moment()), .members("pairs")) {
      $0.write(to: &$1)
    }
  }

  fileprivate func listJobs() async throws -> Response {
    try await answer(
      with: store.pairs(PairQuery(includesTasks: true), at: moment()), .object
    ) { pair, output in
      JSON.string(pair.key.utf8String ?? pair.key.shown).write(to: &output)
      output.append(UInt8(ascii: ":"))
      pair.jsonValue.write(to: &output)
    }
  }

  fileprivate func queryKey() throws -> Bytes {
    let members = ["key", "key_b64"].compactMap { name in
      query(name).map { JSON.Member(name, .string($0)) }
    }
    return try JSON.object(members).key()
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

extension Answer {
  fileprivate var onePair: Pair {
    get throws {
      guard let pair else { throw PDBError(.internal, "the change answers with no pair") }
      return pair
    }
  }
}

extension Pair {
  /// - Parameters:
  ///   - more: members that stand before the pair's own, as JSON.
  ///   - isJSON: whether the value is known to be JSON.
  fileprivate func response(after more: StaticString = "", isJSON: Bool = false) -> Response {
    var bytes: Bytes = []
    bytes.reserveCapacity(key.count + value.count + 96)
    bytes.append(UInt8(ascii: "{"))
    more.withUTF8Buffer { bytes.append(contentsOf: $0) }
    writeMembers(to: &bytes, isJSON: isJSON)
    bytes.append(UInt8(ascii: "}"))
    var response = Response(jsonText: bytes)
    response.headers.add(.eTag, "\"\(revision)\"")
    return response
  }
}

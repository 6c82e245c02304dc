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
      id: "set", .conditionalChange, query: [Query.force], body: SetBody.self,
      answers: .json(.setAnswer, "The pair, or how many", status: 200, [.eTag.ifAny]),
      failures: Exchange.pairFailures
    ) { exchange, body in
      switch body {
      case .many(let pairs): try await exchange.set(pairs)
      case .one(let pair, let time):
        try await exchange.set(pair, for: time) { pair, isJSON in
          pair.response(after: #""status":"ok","role":"leader","#, isJSON: isJSON)
        }
      }
    },
    Endpoint(
      .post, "/increment", "Adds to a number: {\"key\",\"by\"}", id: "increment", .change,
      body: IncrementBody.self, answers: .tagged(.pair, "The pair after it"),
      failures: [.invalidKey, .notANumber]
    ) { exchange, body in
      try await exchange.apply(.increment(body.key, by: body.amount)) {
        try $0.onePair.response()
      }
    },
    Endpoint(
      .post, "/append", "Adds to the end of a list: {\"key\",\"values\":[...]}", id: "append",
      .change, body: AppendBody.self, answers: .tagged(.pair, "The pair after it"),
      failures: [.invalidKey, .invalidValue, .notAList]
    ) { exchange, body in
      try await exchange.apply(.append(body.key, body.values)) { try $0.onePair.response() }
    },
    Endpoint(
      .post, "/delete",
      "Removes keys as one change: {\"keys\":[...]}, each a string or {\"key_b64\"}",
      id: "removePairs", .conditionalChange, body: RemoveKeysBody.self,
      answers: .json(.removedCount, "How many there were"), failures: [.invalidKey, .keyNotFound]
    ) { exchange, body in
      try await exchange.delete(body.keys, exchange.condition())
    },
    Endpoint(
      .get, "/jobs", "All pairs as one object", id: "listJobs", .read,
      answerBytes: StreamedPiece.listBytes, answers: .json(.jobs, "Tasks, too")
    ) {
      try await $0.listJobs()
    },
    Endpoint(
      .get, "/kv",
      "Pairs in the order of their keys; ?prefix=, ?limit=, ?after=; tasks only with ?tasks=true",
      id: "listPairs", .read, query: [Query.prefix, Query.limit, Query.afterKey, Query.tasks],
      answerBytes: StreamedPiece.listBytes, answers: .json(.pairList, "The pairs")
    ) { try await $0.listPairs() },
    Endpoint(
      .get, "/kv/**", "The value of a key", id: "getPair", .read, at: Path.key,
      answers: .tagged(.pair, "The pair"), failures: [.invalidKey, .keyNotFound]
    ) { try await $0.show($0.pathKey()) },
    // What clients shorten in a path (`..`), and what is no text, stands in the query.
    Endpoint(
      .get, "/pair", "The value of a key: ?key= or ?key_b64=", id: "findPair", .read,
      query: [Query.key, Query.keyBytes], answers: .tagged(.pair, "The pair"),
      failures: [.invalidKey, .keyNotFound]
    ) { try await $0.show($0.queryKey()) },
    Endpoint(
      .put, "/kv/**", "Sets a key: {\"value\"}, and \"ttl_ms\" if it is to end; ?force=true",
      id: "setPair", .conditionalChange,
      at: Path.key, query: [Query.force], body: NewValueBody.self,
      answers: .tagged(.pair, "The pair"), .tagged(.pair, "The pair, which is new", status: 201),
      failures: Exchange.pairFailures
    ) { exchange, body in
      let new = try NewPair(value: body.value, under: exchange.pathKey())
      return try await exchange.set(new, for: body.time) { pair, isJSON in
        var response = pair.response(isJSON: isJSON)
        if pair.isNew { response.status = .created }
        return response
      }
    },
    Endpoint(
      .delete, "/kv/**", "Removes a key", id: "removePair", .conditionalChange, at: Path.key,
      answers: .json(.removedCount, "It is removed"), failures: [.invalidKey, .keyNotFound]
    ) { exchange in
      try await exchange.delete([exchange.pathKey()], exchange.condition())
    },
    Endpoint(
      .post, "/txn", "Makes several changes as one: {\"steps\":[{\"op\",...}]}", id: "transact",
      .change, body: TransactionBody.self, answers: .json(.transaction, "The answer of each step"),
      failures: Exchange.pairFailures + [
        .keyNotFound, .taskNotFound, .ambiguousTask, .notANumber, .notAList,
      ]
    ) { exchange, body in
      try await exchange.apply(.transaction(body.steps)) { answer in
        let answers = zip(answer.steps, body.steps).map { $0.stepJSON($1) }
        return Response(json: ["status": "committed", "answers": .array(answers)])
      }
    },
    Endpoint(
      .post, "/touch", "Moves the time at which a key ends: {\"key\",\"ttl_ms\"}; null: never",
      id: "touch", .conditionalChange, body: TouchBody.self, answers: .tagged(.pair, "The pair"),
      failures: [.invalidKey, .keyNotFound]
    ) { exchange, body in
      try await exchange.apply(.touch(body.key, after: body.time, exchange.condition())) {
        try $0.onePair.response()
      }
    },
    // Kept for the seed's users, harmlessly: an ordinary change, through consensus.
    Endpoint(
      .post, "/replicate", "Sets a key, or removes it with null: {\"key\",\"value\"}",
      id: "replicate", .change, query: [Query.force], body: ReplicateBody.self,
      answers: .json(.replicated, "It is done"), failures: Exchange.pairFailures
    ) { try await $0.replicate($1) },
  ]
}

extension Exchange {
  /// How setting a key can fail.
  fileprivate static let pairFailures: [PDBError.Code] = [
    .invalidKey, .invalidValue, .titleRequired, .invalidTitle, .conflict,
  ]

  fileprivate func show(_ key: Bytes) async throws -> Response {
    let read = try await store.get(key, at: moment())
    guard let pair = read.value else {
      throw PDBError(
        .keyNotFound, "no key '\(key.shown)'", details: [.init("revision", JSON(read.revision))])
    }
    return try answer(pair.response(), readAt: read.revision)
  }

  private func safety() throws -> Change.TaskSafety {
    try read(Query.force) == true ? .force : .spare
  }

  fileprivate func set(_ pairs: [NewPair]) async throws -> Response {
    guard try condition() == .none else {
      throw PDBError(.badRequest, "many pairs cannot be set under one condition")
    }
    return try await apply(.setMany(pairs, safety())) { answer in
      Response(json: ["status": "ok", "count": JSON(answer.count)])
    }
  }

  fileprivate func set(
    _ new: NewPair, for time: Duration? = nil,
    _ body: (_ pair: Pair, _ isJSON: Bool) throws -> Response
  ) async throws -> Response {
    let change: Change =
      if let time {
        .setExpiring(new, after: time, try condition(), try safety())
      } else {
        .set(new, try condition(), try safety())
      }
    return try await apply(change) { answer in
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

  fileprivate func replicate(_ body: ReplicateBody) async throws -> Response {
    let replicated = Response(json: ["status": "replicated"])
    // Removing looks at it, too: what makes no sense is refused.
    _ = try safety()
    switch body {
    case .set(let pair): return try await set(pair) { _, _ in replicated }
    case .remove(let key):
      do {
        return try await apply(.delete([key], .none)) { _ in replicated }
      } catch let error as PDBError where error.code == .keyNotFound {
        return replicated
      }
    }
  }

  fileprivate func listPairs() async throws -> Response {
    let wanted = PairQuery(
      prefix: try read(Query.prefix) ?? [], after: try read(Query.afterKey),
      limit: try read(Query.limit), includesTasks: try read(Query.tasks) ?? false)
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

  /// The key is the rest of the path.
  fileprivate func pathKey() throws -> Bytes {
    let path = request.uri.path
    guard path.hasPrefix("/kv/") else {
      throw PDBError(.invalidKey, "the key must follow '/kv/'")
    }
    return try Path.key.read(String(path.utf8.dropFirst("/kv/".utf8.count)) ?? "")
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

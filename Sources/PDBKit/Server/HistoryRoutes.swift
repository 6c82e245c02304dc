// The history over HTTP: looking back, and taking back.

import HTTPTypes
import Hummingbird
import PDBModel
import PDBStore

extension Endpoint {
  static let history: [Endpoint] = [
    Endpoint(
      .get, "/log",
      "The history, newest first; ?limit=, ?before=REV, ?task=, ?key=, ?prefix=, ?author=, ?since=",
      id: "listRevisions", .read,
      query: [
        Query.limit, Query.before, Query.changesOfTask, Query.changesOfKey, Query.prefix,
        Query.author, Query.contains, Query.stampedSince, Query.stampedUntil,
      ],
      // Revisions, the JSON that they become, and its text.
      answerBytes: 4 * Limits.logPageBytes, answers: .json(.historyPage, "A page of the history"),
      failures: [.taskNotFound, .ambiguousTask]
    ) { exchange in
      var filter = try exchange.historyFilter()
      filter.since = try exchange.read(Query.stampedSince)
      filter.until = try exchange.read(Query.stampedUntil)
      let wanted = HistoryQuery(
        filter: filter, before: try exchange.read(Query.before),
        limit: try exchange.read(Query.limit) ?? 50)
      let page = try await exchange.store.history(wanted, at: exchange.moment())
      return try exchange.answer(Response(json: page.json), readAt: page.revision)
    },
    Endpoint(
      .get, "/log/:id", "One revision, with the values before and after", id: "getRevision", .read,
      at: Path.revision, answerBytes: 4 * Limits.logPageBytes,
      answers: .json(.revision, "The revision"), failures: [.revisionNotFound]
    ) { exchange in
      let read = try await exchange.store.revision(
        exchange.readPath(Path.revision), at: exchange.moment())
      return try exchange.answer(Response(json: read.value.json), readAt: read.revision)
    },
    Endpoint(
      .post, "/undo",
      "Makes a change that takes a revision back: {\"revision\"}, or {} for your last", id: "undo",
      .change, body: UndoBody.self, answers: .json(.undone, "What was taken back"),
      failures: [.revisionNotFound, .conflict]
    ) { exchange, body in
      try await exchange.takeBack(.undo(body.revision))
    },
    Endpoint(
      .post, "/redo", "Makes a change that takes your last undo back", id: "redo", .change,
      body: RedoBody.self, answers: .json(.undone, "What was taken back"),
      failures: [.revisionNotFound, .conflict]
    ) { exchange, _ in
      try await exchange.takeBack(.redo)
    },
    Endpoint(
      .post, "/revert", "Gives keys the values that they had: {\"to\":REV,\"prefix\"}",
      id: "revert",
      .change, body: RevertBody.self, answers: .json(.reverted, "How many keys changed"),
      failures: [.revisionNotFound, .conflict]
    ) { exchange, body in
      try await exchange.apply(.restore(body.revision, prefix: body.prefix), verb: "revert") {
        Response(json: ["status": "reverted", "count": JSON($0.count)])
      }
    },
    Endpoint(
      .get, "/diff", "The keys that two states differ in; ?from=REV, ?to=REV, ?prefix=",
      id: "compare", .read, query: [Query.from, Query.to, Query.prefix],
      answerBytes: StreamedPiece.listBytes, answers: .json(.differences, "The keys, both values")
    ) { try await $0.compare() },
    Endpoint(
      .get, "/tags", "The names of revisions", id: "listTags", .read,
      answers: .json(.tagList, "The tags in the order of their names")
    ) { exchange in
      let read = try await exchange.store.tags(at: exchange.moment())
      let json: JSON = ["tags": .array(read.value.map(\.json)), "revision": JSON(read.revision)]
      return try exchange.answer(Response(json: json), readAt: read.revision)
    },
    Endpoint(
      .put, "/tags/:name", "Names a revision: {\"revision\",\"replace\"}, or {} for the newest",
      id: "setTag", .change, at: Path.tag, body: TagBody.self, answers: .json(.tag, "The tag"),
      failures: [.revisionNotFound, .conflict]
    ) { exchange, body in
      let change = Change.tag(
        try exchange.readPath(Path.tag), body.revision, replace: body.replace)
      return try await exchange.apply(change) { answer in
        guard let tag = answer.tag else {
          throw PDBError(.internal, "the change answers with no tag")
        }
        return Response(json: tag.json)
      }
    },
    Endpoint(
      .delete, "/tags/:name", "Removes the name of a revision", id: "removeTag", .change,
      at: Path.tag, answers: .json(.removedCount, "It is removed"), failures: [.revisionNotFound]
    ) { exchange in
      try await exchange.apply(.removeTag(exchange.readPath(Path.tag))) { answer in
        Response(json: ["status": "deleted", "count": JSON(answer.count)])
      }
    },
  ]
}

extension Exchange {
  fileprivate func takeBack(_ change: Change) async throws -> Response {
    try await apply(change, verb: "take changes back") { answer in
      guard let undone = answer.undone else {
        throw PDBError(.internal, "the change answers with nothing undone")
      }
      return Response(
        json: [
          "status": "undone", "undone": JSON(undone.revision),
          "operation": .string(undone.operation), "count": JSON(undone.count),
        ])
    }
  }

  fileprivate func compare() async throws -> Response {
    guard let from = try read(Query.from) else {
      throw PDBError(.badRequest, "'from' is missing: which state is before?")
    }
    let wanted = DifferenceQuery(
      from: from, to: try read(Query.to) ?? .newest, prefix: try read(Query.prefix) ?? [])
    let found = try await store.differences(wanted, at: moment())
    return try answer(with: found.changes, .changes(from: found.from)) {
      $0.json.write(to: &$1)
    }
  }

  /// Which revisions the client wants to see.
  func historyFilter() throws -> HistoryFilter {
    HistoryFilter(
      task: try read(Query.changesOfTask), key: try read(Query.changesOfKey),
      prefix: try read(Query.prefix), author: try read(Query.author),
      text: try read(Query.contains))
  }
}

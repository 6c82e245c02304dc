// The history over HTTP: looking back, and taking back.

import HTTPTypes
import Hummingbird
import PDBModel
import PDBStore

extension Endpoint {
  static let history: [Endpoint] = [
    Endpoint(
      .get, "/log",
      "The history, newest first; ?limit=, ?before=REV, ?task=, ?key=, ?prefix=, ?author=",
      id: "listRevisions", .read,
      query: [
        Query.limit, Query.before, Query.changesOfTask, Query.changesOfKey, Query.prefix,
        Query.author,
      ],
      // Revisions, the JSON that they become, and its text.
      answerBytes: 4 * Limits.logPageBytes, answers: .json(.historyPage, "A page of the history"),
      failures: [.taskNotFound, .ambiguousTask]
    ) { exchange in
      let wanted = HistoryQuery(
        filter: try exchange.historyFilter(), before: try exchange.read(Query.before),
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
      try await exchange.apply(.undo(body.revision), verb: "take changes back") { answer in
        guard let undone = answer.undone else {
          throw PDBError(.internal, "the change answers with nothing undone")
        }
        return Response(
          json: [
            "status": "undone", "undone": JSON(undone.revision),
            "operation": .string(undone.operation), "count": JSON(undone.count),
          ])
      }
    },
  ]
}

extension Exchange {
  /// Which revisions the client wants to see.
  func historyFilter() throws -> HistoryFilter {
    HistoryFilter(
      task: try read(Query.changesOfTask), key: try read(Query.changesOfKey),
      prefix: try read(Query.prefix), author: try read(Query.author))
  }
}

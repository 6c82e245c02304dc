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
      query: ["limit", "before", "task", "key", "prefix", "author", "consistency"],
      // Revisions, the JSON that they become, and its text.
      answerBytes: 4 * Limits.logPageBytes
    ) { exchange in
      let wanted = HistoryQuery(
        filter: exchange.historyFilter, before: try exchange.revision("before"),
        limit: try exchange.count("limit") ?? 50)
      let page = try await exchange.store.history(wanted, at: exchange.moment())
      return try exchange.answer(Response(json: page.json), readAt: page.revision)
    },
    Endpoint(
      .get, "/log/:id", "One revision, with the values before and after", query: ["consistency"],
      answerBytes: 4 * Limits.logPageBytes
    ) { exchange in
      let text = exchange.parameter ?? ""
      guard let number = UInt64(text) else {
        throw PDBError(.badRequest, "'\(text.escapingControlCharacters)' is not a revision")
      }
      let read = try await exchange.store.revision(number, at: exchange.moment())
      return try exchange.answer(Response(json: read.value.json), readAt: read.revision)
    },
    Endpoint(
      .post, "/undo",
      "Makes a change that takes a revision back: {\"revision\"}, or {} for your last"
    ) { try await $0.undo() },
  ]
}

extension Exchange {
  /// Which revisions the client wants to see.
  var historyFilter: HistoryFilter {
    HistoryFilter(
      task: query("task"), key: query("key").map { Bytes(utf8: $0) },
      prefix: query("prefix").map { Bytes(utf8: $0) }, author: query("author"))
  }

  fileprivate func undo() async throws -> Response {
    let object = try object()
    for member in object.members ?? [] where member.name != "revision" {
      throw PDBError(
        .badRequest, "'\(member.name.escapingControlCharacters)' means nothing here",
        hint: "send {\"revision\":N}, or {} for your last change")
    }
    let wanted = object["revision"]
    guard wanted == nil || wanted?.uint64 != nil else {
      throw PDBError(.badRequest, "'revision' must be the number of a revision")
    }
    return try await apply(.undo(wanted?.uint64), verb: "take changes back") { answer in
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
}

// The history over HTTP: looking back, and taking back.

import Foundation
import HTTPTypes
import Hummingbird

extension Endpoint {
  static let history: [Endpoint] = [
    Endpoint(
      .get, "/log",
      "The history, newest first; ?limit=, ?before=REV, ?task=, ?key=, ?prefix=, ?author=",
      query: ["limit", "before", "task", "key", "prefix", "author", "consistency"]
    ) { exchange in
      let limit = min(try exchange.count("limit") ?? 50, Limits.logPage)
      let before = try exchange.revision("before") ?? .max
      let filter = HistoryFilter(exchange)
      return try await exchange.read { view, mark in
        try page(of: view, mark, before: before, limit: limit, filter)
      }
    },
    Endpoint(
      .get, "/log/:id", "One revision, with the values before and after", query: ["consistency"]
    ) { exchange in
      let text = exchange.parameter ?? ""
      guard let number = UInt64(text) else {
        throw PDBError(.badRequest, "'\(text.escapingControlCharacters)' is not a revision")
      }
      return try await exchange.read { view, mark in
        guard let revision = try view.revision(number) else { throw mark.unknown(number) }
        return Response(json: try revision.json())
      }
    },
    Endpoint(
      .post, "/undo",
      "Makes a change that takes a revision back: {\"revision\"}, or {} for your last"
    ) { try await $0.undo() },
  ]

  private static func page(
    of view: any StateView, _ mark: StateMark, before: UInt64, limit: Int, _ filter: HistoryFilter
  ) throws -> Response {
    var revisions: [JSON] = []
    var bytes = 0
    var next: UInt64?
    if limit > 0, before > 0 {
      try view.scanHistory(from: 0, through: before - 1, reversed: true) { revision in
        guard try filter.matches(revision) else { return true }
        // There is more, for another request.
        guard revisions.count < limit, bytes < Limits.logPageBytes else { return false }
        revisions.append(try revision.json(changesLimit: Limits.logPageChanges))
        bytes += revision.changes.count
        next = revision.number
        return true
      }
    }
    let isCut = revisions.count == limit || bytes >= Limits.logPageBytes
    return Response(
      json: [
        "revisions": .array(revisions), "revision": JSON(mark.revision),
        "compacted": JSON(mark.compactedRevision),
        "next": isCut ? next.map { JSON($0) } ?? .null : .null,
      ])
  }
}

extension Exchange {
  /// A revision from the query.
  func revision(_ name: String) throws -> UInt64? {
    guard let text = query(name) else { return nil }
    guard let number = UInt64(text) else {
      throw PDBError(.badRequest, "'\(name)' must be a revision, not '\(text)'")
    }
    return number
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
    return try await propose(.undo(wanted?.uint64), verb: "take changes back") { answer in
      let undone = try answer.undone()
      return Response(
        json: [
          "status": "undone", "undone": JSON(undone.revision),
          "operation": .string(undone.operation), "count": JSON(undone.count),
        ])
    }
  }
}

extension StateMark {
  /// The error for a revision that is not there.
  fileprivate func unknown(_ number: UInt64) -> PDBError {
    PDBError(
      .revisionNotFound, "there is no revision \(number)",
      hint: number <= compactedRevision
        ? "the history begins after revision \(compactedRevision); older ones are forgotten"
        : "the newest is \(revision)")
  }
}

/// Which revisions a client wants to see.
struct HistoryFilter: Sendable {
  private let task: String?
  private let key: Bytes?
  private let prefix: Bytes?
  private let author: String?

  init(_ exchange: Exchange) {
    task = exchange.query("task")
    key = exchange.query("key").map { Bytes(utf8: $0) }
    prefix = exchange.query("prefix").map { Bytes(utf8: $0) }
    author = exchange.query("author")
  }

  private var wantsAllKeys: Bool { task == nil && key == nil && prefix == nil }

  func matches(_ revision: Revision) throws -> Bool {
    if let author, revision.stamp.author != author { return false }
    return try wantsAllKeys || revision.keyChanges().contains(where: matches)
  }

  /// Whether a change concerns what is wanted. A task that is gone is still found by the number
  /// or the id that it had.
  func matches(_ change: KeyChange) -> Bool {
    if let key, change.key != key { return false }
    if let prefix, !change.key.starts(with: prefix) { return false }
    guard let task else { return true }
    guard let id = TaskKeys.id(of: change.key) else { return false }
    if let number = UInt64(task) {
      let tasks = [change.before?.value, change.after].compactMap { $0 }.compactMap {
        (try? JSON(parsing: $0)).flatMap { TaskItem(json: $0) }
      }
      if tasks.contains(where: { $0.number == number }) { return true }
    }
    return id == task
      || task.utf8.count >= TaskReference.shortestPrefix && id.hasPrefix(task.lowercased())
  }
}

extension Revision {
  /// The revision as users see it; keys that are pdb's own are left out.
  ///
  /// - Parameters:
  ///   - changesLimit: how many changes to show; `count` says how many there are.
  ///   - filter: which changes to show.
  func json(changesLimit: Int = .max, _ filter: HistoryFilter? = nil) throws -> JSON {
    let visible = try keyChanges().filter {
      !$0.key.starts(with: SystemKeys.prefix) && filter?.matches($0) != false
    }
    return [
      "revision": JSON(number),
      "time": .string(stamp.time.description),
      "author": .string(stamp.author),
      "operation": .string(operation),
      "undoes": undoes.map { JSON($0) } ?? .null,
      "term": JSON(term),
      "request": JSON(stamp.request?.id),
      "count": JSON(visible.count),
      "changes": .array(visible.prefix(changesLimit).map(\.json)),
    ]
  }
}

extension KeyChange {
  /// `{"key","before","after"}`; `null` where there was or is nothing.
  fileprivate var json: JSON {
    .object(
      key.jsonMembers + [
        .init("before", JSON(stored: before?.value)), .init("after", JSON(stored: after)),
      ])
  }
}

extension Bytes {
  /// A key as JSON: text if it is text, else `key_b64`.
  var jsonMembers: [JSON.Member] {
    guard utf8String == nil else { return [.init("key", JSON(utf8String))] }
    return [.init("key", .null), .init("key_b64", .string(base64))]
  }
}

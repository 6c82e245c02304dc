// Every parameter that an endpoint takes: in its path, in the query, in the headers.

import Foundation
import HTTPTypes
import PDBModel
import PDBStore

/// What stands for `:name` and `**` in a path.
enum Path {
  static let task = Parameter(
    .path, "id", .string(least: 1), "A task's id, its number, or the beginning of its id"
  ) { TaskReference($0.removingPercentEncoding ?? "") }

  static let key = Parameter(.path, "key", .key, "The key; slashes may stand in it as they are") {
    try Limits.check(key: Bytes(percentEncoded: $0))
  }

  static let revision = Parameter(.path, "id", .unsigned, "The number of the revision") { text in
    guard let number = UInt64(text) else {
      throw PDBError(.badRequest, "'\(text.escapingControlCharacters)' is not a revision")
    }
    return number
  }

  static let importID = Parameter.text(
    .path, "id", .string(pattern: "^[A-Za-z0-9]{1,64}$"),
    "What the client calls the import: 1 to 64 letters and digits")

  static let member = Parameter(
    .path, "id", .string(least: 1), "A member's id or address; a port where that is unambiguous"
  ) { $0.removingPercentEncoding ?? "" }

  static let tag = Parameter(.path, "name", .tagName, "The name of the tag") {
    try TagName($0.removingPercentEncoding ?? "")
  }

  static let setting = Parameter(
    .path, "name", Schema.choice(Setting.allCases.map(\.name)).named("SettingName"),
    "The name of the setting"
  ) { try Setting(named: $0.removingPercentEncoding ?? "") }

  static let file = Parameter.text(.path, "file", .string(least: 1), "The name of the file")
}

/// What may stand behind the `?`.
enum Query {
  static let consistency = Parameter.choice(
    "consistency", "Consistency", Consistency.allCases.map(\.rawValue), "'linearizable' or 'stale'",
    "Whether the answer must know all that was acknowledged, or is this node's own state"
  ) { Consistency(rawValue: $0)! }
  static let at = Parameter<RevisionName>.revisionName(
    "at", "The revision of the state to read: its number, '@~3', a tag, or a time")

  static let limit = Parameter<Int>.count("limit", "How many at most")
  static let force = Parameter<Bool>.flag(
    "force", "Whether to do it even if something may be lost: a task, or the majority")

  // Tasks
  static let status = Parameter.choice(
    "status", "TaskStatus", ["active", "completed", "all"], "'active', 'completed' or 'all'",
    "Which tasks"
  ) { name -> Bool? in name == "all" ? nil : name == "completed" }
  static let completed = Parameter.text(
    .query, "status", .only("completed"), "Only completed tasks can be removed together",
    isRequired: true)
  static let words = Parameter.text(
    .query, "q", .string, "Words that a title must hold, whatever their case and accents")
  static let tags = Parameter(
    .query, "tag", .string(least: 1),
    "Only tasks with this tag; with commas between them: with all of these"
  ) { $0.split(separator: ",").map(String.init) }
  static let project = Parameter.text(
    .query, "project", .string(least: 1), "Only tasks of this project")
  static let priority = Parameter.choice(
    "priority", "TaskPriority", TaskPriority.allCases.map(\.rawValue), "'high', 'medium' or 'low'",
    "Only tasks of this priority"
  ) { TaskPriority(rawValue: $0)! }
  static let due = Parameter(
    .query, "due", .time,
    "Only tasks whose date is over by then; days end as its offset from UTC says"
  ) { text in
    guard let limit = DueLimit(rfc3339: text) else { throw Timestamp.refusal(text) }
    return limit
  }
  static let afterTask = Parameter(
    .query, "after", .string, "Only tasks that come after this one in the list"
  ) { TaskReference($0) }
  static let taskID = Parameter.text(
    .query, "id", .string(least: 1), "The id of the task, all of it", isRequired: true)

  // Pairs
  static let prefix = Parameter(.query, "prefix", .string, "Only keys that begin with this") {
    Bytes(utf8: $0)
  }
  static let afterKey = Parameter(.query, "after", .string, "Only keys that come after this one") {
    Bytes(utf8: $0)
  }
  static let tasks = Parameter<Bool>.flag("tasks", "Whether tasks are listed, too")
  static let key = Parameter(.query, "key", .key, "The key") { Bytes(utf8: $0) }
  static let keyBytes = Parameter.text(.query, "key_b64", .keyBytes, "The key in base64")

  // History
  static let before = Parameter<UInt64>.revision("before", "Only revisions before this one")
  static let since = Parameter<UInt64>.revision("since", "Only changes after this revision")
  static let changesOfTask = Parameter.text(
    .query, "task", .string, "Only changes of this task, by id, number, or the beginning of its id")
  static let changesOfKey = Parameter(.query, "key", .string, "Only changes of this key") {
    Bytes(utf8: $0)
  }
  static let author = Parameter.text(.query, "author", .string, "Only changes by this author")
  static let contains = Parameter.text(
    .query, "contains", .string,
    "Only changes after which this text occurs in the value more often, or less")
  static let stampedSince = Parameter(
    .query, "since", .time, "Only revisions of this time and later", id: "since-time"
  ) { try Timestamp(parameter: $0) }
  static let stampedUntil = Parameter(
    .query, "until", .time, "Only revisions of this time and earlier"
  ) { try Timestamp(parameter: $0) }
  static let from = Parameter<RevisionName>.revisionName(
    "from", "The state before: a revision as in 'at'", isRequired: true)
  static let to = Parameter<RevisionName>.revisionName(
    "to", "The state after; without it the newest")
}

/// What may stand in the headers.
enum Header {
  static let expectCluster = Parameter(
    .header, "PDB-Expect-Cluster", .string(pattern: "^[^/]+(/[^/]+)?$"),
    "The one cluster that may answer, as ID/BIRTH; every other one refuses with 421"
  ) { text in
    guard let identity = ClusterIdentity(parsing: text) else {
      throw PDBError(.badRequest, "'PDB-Expect-Cluster' must be a cluster's ID or ID/BIRTH")
    }
    return identity
  }

  // Changes
  static let idempotencyKey = Parameter.text(
    .header, "Idempotency-Key", .string(pattern: "^[!-~]{1,\(Limits.requestIDBytes)}$"),
    "The id of the request: it is applied once, however often it is sent")
  static let author = Parameter.text(
    .header, "PDB-Author", .string(most: Limits.authorBytes),
    "Who makes the change, for the history: \(Limits.authorBytes) bytes of UTF-8 at most")
  static let requestAge = Parameter(
    .header, "PDB-Request-Age", .count,
    "On a retry: how many milliseconds ago the request was first sent"
  ) { text in
    guard let age = Int64(text), age >= 0 else {
      throw PDBError(.badRequest, "'PDB-Request-Age' must be a number of milliseconds")
    }
    return Duration.milliseconds(age)
  }
  static let requestRevision = Parameter(
    .header, "PDB-Request-Revision", .unsigned,
    "On a retry: the newest revision that the client knew before it first sent the request"
  ) { text in
    guard let revision = UInt64(text) else {
      throw PDBError(.badRequest, "'PDB-Request-Revision' must be a revision")
    }
    return revision
  }

  // Conditions (RFC 9110, section 13.1); entity tags are revisions.
  static let ifMatch = Parameter(
    .header, "If-Match", .string(pattern: "^\"[0-9]{1,19}\"$"),
    "The change is made only if what it changes is as of this revision; not beside If-None-Match"
  ) { text in
    guard let revision = UInt64(text.trimmingCharacters(in: ["\"", " "])) else {
      throw PDBError(.badRequest, "'If-Match' must name a revision, as in \"7\"")
    }
    return Condition.revision(revision)
  }
  static let ifAbsent = Parameter(
    .header, "If-None-Match", .choice(["*"]),
    "The change is made only if there is nothing yet; not beside If-Match"
  ) { text in
    guard text.trimmingCharacters(in: .whitespaces) == "*" else {
      throw PDBError(.badRequest, "'If-None-Match' can only be *")
    }
    return Condition.absent
  }
  static let knownVersion = Parameter(
    .header, "If-None-Match", .string,
    "The ETag of what the client has; if it is the same still: 304", id: "If-None-Match-Known"
  ) { $0 }
  static let lastEventID = Parameter(
    .header, "Last-Event-ID", .unsigned, "Where a stream ended that is taken up again"
  ) { text in
    guard let id = UInt64(text) else {
      throw PDBError(.badRequest, "'Last-Event-ID' must be a revision")
    }
    return id
  }
}

extension Timestamp {
  /// - Throws: `bad_request` for a text that is no time.
  fileprivate init(parameter text: String) throws {
    guard let time = Timestamp(rfc3339: text) else { throw Self.refusal(text) }
    self = time
  }

  fileprivate static func refusal(_ text: String) -> PDBError {
    PDBError(
      .badRequest, "'\(text.escapingControlCharacters)' is not a time",
      hint: "write it as in 2026-11-20T08:30:00Z (RFC 3339)")
  }
}

extension Bytes {
  /// A part of a path, slashes and all, as bytes.
  ///
  /// - Throws: `invalid_key`.
  fileprivate init(percentEncoded text: String) throws {
    self = []
    var rest = Substring(text).utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        append(byte)
        continue
      }
      let digits = String(Substring(rest.prefix(2)))
      guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16)
      else {
        throw PDBError(.invalidKey, "the key in the path is not percent-encoded correctly")
      }
      append(value)
      rest = rest.dropFirst(2)
    }
  }
}

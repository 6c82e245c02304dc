// Lists of tasks from elsewhere: what taskwarrior exports, and CSV.
//
//   [{"uuid":"...","description":"...","status":"pending","entry":"20261127T101112Z",...},...]
//   title,due,priority,tags,project,notes,completed       (RFC 4180; `title` is enough, any order)

import Crypto
import Foundation
import PDBModel

/// Tasks of another program, as pairs that can be imported.
struct TaskList {
  /// What kind of file it was, for people.
  let format: String
  let pairs: [NewPair]

  /// - Returns: `nil` for a file that is no such list.
  /// - Throws: `bad_request` for one that is, but with something wrong in it.
  init?(_ bytes: Bytes) throws {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    if let tasks = (try? JSON(parsing: bytes))?.array,
      tasks.allSatisfy({ $0["description"]?.string != nil && $0["entry"]?.string != nil }),
      !tasks.isEmpty
    {
      format = "taskwarrior's JSON"
      pairs = try tasks.filter { $0["status"]?.string != "deleted" }.map(Self.task)
    } else if let rows = CSV.rows(of: text), let head = rows.first?.map({ $0.lowercased() }),
      head.contains("title")
    {
      format = "CSV"
      pairs = try rows.dropFirst().enumerated().map { try Self.task($1, head, line: $0 + 2) }
    } else {
      return nil
    }
  }

  // MARK: taskwarrior

  private static func task(_ json: JSON) throws -> NewPair {
    let notes = (json["annotations"]?.array ?? []).compactMap { $0["description"]?.string }
    let priorities = ["H": "high", "M": "medium", "L": "low"]
    let isDone = json["status"]?.string == "completed"
    let id = json["uuid"]?.string ?? id(of: json.serialized())
    return pair(
      id, title: try title(json["description"]?.string ?? ""), isDone: isDone,
      createdAt: time(json["entry"]), completedAt: isDone ? time(json["end"]) : nil,
      [
        (.due, time(json["due"]).map { .string($0) }),
        (.priority, json["priority"]?.string.flatMap { priorities[$0] }.map { .string($0) }),
        (.project, json["project"]?.string.map { .string($0) }),
        (
          .tags,
          json["tags"]?.array.map { tags in .array(tags.filter { $0.string != nil }) }
        ),
        (.notes, notes.isEmpty ? nil : .string(notes.joined(separator: "\n"))),
      ])
  }

  /// `20261127T101112Z` as RFC 3339.
  private static func time(_ json: JSON?) -> String? {
    guard let text = json?.string,
      let match = text.wholeMatch(of: /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/)
    else { return nil }
    return "\(match.1)-\(match.2)-\(match.3)T\(match.4):\(match.5):\(match.6)Z"
  }

  // MARK: CSV

  private static func task(_ row: [String], _ head: [String], line: Int) throws -> NewPair {
    func value(_ name: String) -> String? {
      head.firstIndex(of: name).flatMap { $0 < row.count && !row[$0].isEmpty ? row[$0] : nil }
    }
    func refuse(_ what: String) -> PDBError {
      PDBError(.badRequest, "line \(line): \(what)", hint: "nothing was imported; correct it")
    }
    guard row.count <= head.count else { throw refuse("it has more cells than the first line") }
    guard let text = value("title") else { throw refuse("the task has no title") }
    let priority = value("priority")?.lowercased()
    if let priority, TaskPriority(rawValue: priority) == nil {
      throw refuse("'\(priority)' is no priority: high, medium or low")
    }
    let due = value("due")
    if let due, due.wholeMatch(of: /\d{4}-\d\d-\d\d/) == nil, Timestamp(rfc3339: due) == nil {
      throw refuse("'\(due)' is no date such as 2026-11-28")
    }
    let done = ["true", "yes", "1", "x", "done", "completed"]
    let title: String
    do { title = try self.title(text) } catch let error as PDBError { throw refuse(error.message) }
    let tags = value("tags")?.split(whereSeparator: { ", ;".contains($0) }).map(String.init)
    return pair(
      id(of: Bytes("\(line) \(row.joined(separator: "\u{0}"))".utf8)), title: title,
      isDone: value("completed").map { done.contains($0.lowercased()) } ?? false,
      createdAt: value("created_at"), completedAt: nil,
      [
        (.due, due.map { .string($0) }), (.priority, priority.map { .string($0) }),
        (.project, value("project").map { .string($0) }),
        (.tags, tags.map { .array($0.map { .string($0) }) }),
        (.notes, value("notes").map { .string($0) }),
      ])
  }

  // MARK: Tasks

  private static func pair(
    _ id: String, title: String, isDone: Bool, createdAt: String?, completedAt: String?,
    _ fields: [(TaskField, JSON?)]
  ) -> NewPair {
    var members = [JSON.Member("title", .string(title)), JSON.Member("completed", .bool(isDone))]
    if let createdAt { members.append(.init("created_at", .string(createdAt))) }
    if let completedAt { members.append(.init("completed_at", .string(completedAt))) }
    for case (let field, let value?) in fields { members.append(.init(field.rawValue, value)) }
    return NewPair(
      key: TaskKeys.task(id: id.lowercased()), value: JSON.object(members).serialized())
  }

  /// One line, as a title is.
  private static func title(_ text: String) throws -> String {
    try Title(text.split(whereSeparator: \.isNewline).joined(separator: " ")).text
  }

  /// The same for the same content, so that a file that is imported again adds nothing.
  private static func id(of content: Bytes) -> String {
    let digits = SHA256.hash(data: content).flatMap {
      [String($0 >> 4, radix: 16), String($0 & 15, radix: 16)]
    }
    let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { digits[$0].joined() }
    return parts.joined(separator: "-")
  }
}

/// Comma-separated values (RFC 4180).
enum CSV {
  /// The cells of each line; `nil` where a quote does not end. Empty lines are left out.
  static func rows(of text: String) -> [[String]]? {
    var rows: [[String]] = []
    var (row, cell, isQuoted) = ([String](), "", false)
    func end() {
      row.append(cell)
      if row != [""] { rows.append(row) }
      (row, cell) = ([], "")
    }
    var rest = Array(text)[...]
    while let character = rest.popFirst() {
      switch character {
      case "\"" where isQuoted && rest.first == "\"":
        cell.append("\"")
        rest.removeFirst()
      case "\"": isQuoted.toggle()
      case "," where !isQuoted:
        row.append(cell)
        cell = ""
      case let line where line.isNewline && !isQuoted: end()
      default: cell.append(character)
      }
    }
    guard !isQuoted else { return nil }
    if !row.isEmpty || !cell.isEmpty { end() }
    return rows
  }
}

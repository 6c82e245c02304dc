// The steps of a transaction, and their JSON: what POST /txn takes and answers.
//
//   {"op":"kv set","key":"a","value":1,"if_absent":true}      {"op":"kv get","key":"a","if_revision":7}
//   {"op":"kv rm","keys":["a"]}     {"op":"kv incr","key":"n","by":2}     {"op":"kv append",...,"values":[...]}
//   {"op":"kv touch","key":"a","ttl_ms":30000}     `ttl_ms` stands in "kv set", too
//   {"op":"task add","titles":["..."]}     {"op":"task edit","task":"1","title":"...","completed":true}
//   {"op":"task rm","task":"1"}     {"op":"task clear"}
//
// The operations are the command line's own words. A step that has a condition, `if_absent` or
// `if_revision`, is made only if it holds, and with it the whole transaction.

public import PDBModel

/// A step of a transaction. It sees what the steps before it did.
public enum TransactionStep: Equatable, Sendable {
  /// Makes a change: of tasks, or of keys.
  case change(Change)
  /// Reads a key, under a condition if need be. Answers ``Answer/found(_:)``.
  case get(Bytes, Condition)
}

extension TransactionStep {
  /// The step as `POST /txn` takes it.
  package var json: JSON {
    switch self {
    case .get(let key, let condition): Self.object("kv get", key.jsonMembers, condition)
    case .change(.set(let pair, let condition, let safety)):
      Self.object(
        "kv set",
        pair.json.members! + (safety == .force ? [.init("force", true)] : []), condition)
    case .change(.setExpiring(let pair, let time, let condition, let safety)):
      Self.object(
        "kv set",
        pair.json.members! + [.init("ttl_ms", JSON(time.milliseconds))]
          + (safety == .force ? [.init("force", true)] : []), condition)
    case .change(.touch(let key, let time, let condition)):
      Self.object(
        "kv touch",
        key.jsonMembers + [.init("ttl_ms", time.map { JSON($0.milliseconds) } ?? .null)],
        condition)
    case .change(.delete(let keys, let condition)):
      Self.object("kv rm", [.init("keys", .array(keys.map(\.jsonName)))], condition)
    case .change(.increment(let key, let amount)):
      Self.object("kv incr", key.jsonMembers + [.init("by", JSON(amount))])
    case .change(.append(let key, let values)):
      Self.object(
        "kv append", key.jsonMembers + [.init("values", .array(values.map { JSON(stored: $0) }))])
    case .change(.addTasks(let titles, let fields)):
      Self.object(
        "task add",
        [.init("titles", .array(titles.map { .string($0.text) }))] + fields.members)
    case .change(.editTask(let task, let edit, let condition)):
      Self.object("task edit", [.init("task", .string(task.text))] + edit.members, condition)
    case .change(.removeTask(let task, let condition)):
      Self.object("task rm", [.init("task", .string(task.text))], condition)
    case .change(.removeCompletedTasks): Self.object("task clear", [])
    case .change(let other): Self.object("\(other)", [])
    }
  }

  private static func object(
    _ name: String, _ members: [JSON.Member], _ condition: Condition = .none
  ) -> JSON {
    let conditions: [JSON.Member] =
      switch condition {
      case .none: []
      case .absent: [.init("if_absent", true)]
      case .revision(let revision): [.init("if_revision", JSON(revision))]
      }
    return .object([.init("op", .string(name))] + members + conditions)
  }

  /// A step as a client sends it.
  ///
  /// - Throws: `bad_request`, or what is wrong with a key, a value or a title.
  package init(json: JSON) throws {
    guard let name = json["op"]?.string else {
      throw PDBError(.badRequest, "every step needs an 'op'", hint: Self.hint)
    }
    try json.mustHaveOnly(Self.members.first { $0.operation == name }?.names, of: name)
    let condition = try json.condition()
    switch name {
    case "kv get": self = .get(try json.key(), condition)
    case "kv set":
      let (pair, time) = (try NewPair(json: json), try json.timeToLive())
      guard json["force"].map({ $0.bool != nil }) != false else {
        throw PDBError(.badRequest, "'force' is true or false")
      }
      let safety: Change.TaskSafety = json["force"]?.bool == true ? .force : .spare
      self = .change(
        time.map { .setExpiring(pair, after: $0, condition, safety) }
          ?? .set(pair, condition, safety))
    case "kv touch": self = .change(.touch(try json.key(), after: try json.timeToLive(), condition))
    case "kv rm": self = .change(.delete(try json.keys(), condition))
    case "kv incr":
      guard json["by"].map({ $0.int64 != nil }) != false else {
        throw PDBError(.badRequest, "'by' must be a whole number of 64 bits")
      }
      self = .change(.increment(try json.key(), by: json["by"]?.int64 ?? 1))
    case "kv append":
      guard let values = json["values"]?.array, !values.isEmpty else {
        throw PDBError(.badRequest, "'values' must be a list with at least one value")
      }
      self = .change(.append(try json.key(), values.map { $0.serialized() }))
    case "task add":
      guard let titles = json["titles"]?.array, !titles.isEmpty else {
        throw PDBError(.titleRequired, "'titles' must be a list with at least one title")
      }
      self = .change(
        .addTasks(
          try titles.map { title in
            guard let text = title.string else {
              throw PDBError(.titleRequired, "a title must be a string")
            }
            return try Title(text)
          }, try TaskFields(json: json)))
    case "task edit":
      self = .change(.editTask(try json.task(), try TaskEdit(members: json), condition))
    case "task rm": self = .change(.removeTask(try json.task(), condition))
    case "task clear": self = .change(.removeCompletedTasks)
    default:
      throw PDBError(
        .badRequest, "there is no 'op' '\(name.escapingControlCharacters)'", hint: Self.hint)
    }
  }

  private static let hint =
    "there are \(members.map(\.operation).joined(separator: ", "))"

  /// What each operation takes; what it would ignore is refused.
  package static let members: [(operation: String, names: [String])] = {
    let (key, value) = (["key", "key_b64"], ["value", "value_b64"])
    let conditions = ["if_absent", "if_revision"]
    let fields = TaskField.allCases.map(\.rawValue)
    return [
      ("kv get", key + conditions),
      ("kv set", key + value + ["ttl_ms", "force"] + conditions),
      ("kv touch", key + ["ttl_ms", "if_revision"]),
      ("kv rm", ["keys", "if_revision"]),
      ("kv incr", key + ["by"]),
      ("kv append", key + ["values"]),
      ("task add", ["titles"] + fields),
      ("task edit", ["task", "title", "completed", "if_revision"] + fields),
      ("task rm", ["task", "if_revision"]),
      ("task clear", []),
    ]
  }()
}

extension JSON {
  /// - Throws: `bad_request` for a member that means nothing.
  fileprivate func mustHaveOnly(_ known: [String]?, of name: String) throws {
    guard let known else { return }
    for member in members ?? [] where member.name != "op" && !known.contains(member.name) {
      throw PDBError(
        .badRequest, "'\(member.name.escapingControlCharacters)' means nothing in '\(name)'",
        hint: known.isEmpty ? "it takes nothing" : "it takes \(known.joined(separator: ", "))")
    }
  }

  /// `ttl_ms`: for how long something is to live; `nil` for ever.
  ///
  /// - Throws: `bad_request` for anything but a number or `null`.
  package func timeToLive() throws -> Duration? {
    guard let member = self["ttl_ms"], !member.isNull else { return nil }
    guard let milliseconds = member.int64 else {
      throw PDBError(.badRequest, "'ttl_ms' must be a number of milliseconds, or null")
    }
    return .milliseconds(milliseconds)
  }

  fileprivate func condition() throws -> Condition {
    switch (self["if_absent"], self["if_revision"]) {
    case (nil, nil): return .none
    case (let absent?, nil) where absent.bool == true: return .absent
    case (let absent?, nil) where absent.bool == false: return .none
    case (nil, let revision?):
      if let number = revision.uint64 { return .revision(number) }
      throw PDBError(.badRequest, "'if_revision' must be the number of a revision")
    default:
      throw PDBError(.badRequest, "'if_absent' is true or false, and excludes 'if_revision'")
    }
  }

  fileprivate func task() throws -> TaskReference {
    guard let text = self["task"]?.string, !text.isEmpty else {
      throw PDBError(.badRequest, "'task' must be the number or id of a task")
    }
    return TaskReference(text)
  }

  fileprivate func keys() throws -> [Bytes] {
    guard let keys = self["keys"]?.array, !keys.isEmpty else {
      throw PDBError(.badRequest, "'keys' must be a list with at least one key")
    }
    return try keys.map { key in
      guard let bytes = key.string.map({ Bytes($0.utf8) }) ?? Bytes(keyIn: key) else {
        throw PDBError(.invalidKey, "a key must be a string, or {\"key_b64\"}")
      }
      return try Limits.check(key: bytes)
    }
  }
}

extension Bytes {
  /// A key as one value: text, or an object with its bytes.
  package var jsonName: JSON {
    String(validating: self, as: UTF8.self).map { .string($0) } ?? .object(jsonMembers)
  }
}

extension TaskEdit {
  /// What is changed, as members.
  package var members: [JSON.Member] {
    var members: [JSON.Member] = []
    if let title { members.append(.init("title", .string(title))) }
    if let completed { members.append(.init("completed", .bool(completed))) }
    return members + fields.members
  }

  /// An edit as a client sends it.
  ///
  /// - Throws: `bad_request` for a member that is not what it should be.
  package init(members json: JSON) throws {
    self.init(title: try json["title"].map { _ in try json.text("title", .titleRequired) })
    if let completed = json["completed"] {
      guard let isCompleted = completed.bool else {
        throw PDBError(.badRequest, "'completed' is true or false")
      }
      self.completed = isCompleted
    }
    fields = try TaskFields(json: json)
  }
}

// MARK: Answers

extension Answer {
  /// The answer to one step: pair, tasks, or how many were removed.
  package func stepJSON(_ step: TransactionStep) -> JSON {
    switch self {
    case .tasks(let tasks): ["tasks": .array(tasks.map(\.json))]
    case .pair(let pair), .found(let pair?): pair.json
    case .found(nil):
      if case .get(let key, _) = step {
        .object(key.jsonMembers + [.init("value", nil), .init("revision", nil)])
      } else {
        nil
      }
    case .removed(let count): ["status": "deleted", "count": JSON(count)]
    default: nil
    }
  }

  /// The answer that ``stepJSON(_:)`` wrote; `nil` if it is none to the step.
  package init?(_ json: JSON, to step: TransactionStep) {
    switch step {
    case .get:
      self = .found(json["revision"]?.uint64 == nil ? nil : Pair(json: json))
    case .change(.set), .change(.setExpiring), .change(.touch), .change(.increment),
      .change(.append):
      guard let pair = Pair(json: json) else { return nil }
      self = .pair(pair)
    case .change(.addTasks), .change(.editTask):
      guard let tasks = json["tasks"]?.array else { return nil }
      self = .tasks(tasks.compactMap(VersionedTask.init))
    default:
      guard let count = json["count"]?.int64 else { return nil }
      self = .removed(Int(count))
    }
  }
}

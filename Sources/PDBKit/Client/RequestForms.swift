// What a store is asked, as requests over HTTP, and what their answers say.

package import PDBModel
package import PDBStore

extension ClientRequest {
  /// The request that makes a change.
  package init(_ change: Change) {
    switch change {
    case .addTasks(let titles, let fields):
      let list = JSON.Member("titles", .array(titles.map { .string($0.text) }))
      self.init(.post, "/tasks/batch", body: .object([list] + fields.members))
    case .editTask(let reference, let edit, let condition):
      self.init(.put, Self.path(of: reference), body: .object(edit.members), condition)
    case .removeTask(let reference, let condition):
      self.init(.delete, Self.path(of: reference), condition)
    case .removeCompletedTasks: self.init(.delete, "/tasks?status=completed")
    case .set(let pair, let condition, let safety): self.init(setting: pair, condition, safety)
    case .setExpiring(let pair, let time, let condition, let safety):
      self.init(setting: pair, condition, safety, [.init("ttl_ms", JSON(time.milliseconds))])
    case .touch(let key, let time, let condition):
      let ttl = time.map { JSON($0.milliseconds) } ?? .null
      self.init(
        .post, "/touch", body: .object(key.jsonMembers + [.init("ttl_ms", ttl)]), condition)
    case .setMany(let pairs, let safety):
      self.init(
        .post, "/set" + Self.query(safety), body: ["pairs": .array(pairs.map(\.json))])
    case .delete(let keys, let condition):
      if keys.count == 1, Self.fitsIntoPath(keys[0]) {
        self.init(.delete, "/kv/\(keys[0].percentEncoded)", condition)
      } else {
        self.init(
          .post, "/delete", body: ["keys": .array(keys.map { $0.jsonName })], condition)
      }
    case .increment(let key, let amount):
      self.init(.post, "/increment", body: .object(key.jsonMembers + [.init("by", JSON(amount))]))
    case .append(let key, let values):
      let list = values.map { JSON(stored: $0) }
      self.init(.post, "/append", body: .object(key.jsonMembers + [.init("values", .array(list))]))
    case .undo(let revision):
      self.init(.post, "/undo", body: revision.map { ["revision": JSON($0)] } ?? [:])
    case .redo: self.init(.post, "/redo", body: [:])
    case .restore(let name, let prefix):
      var members = [JSON.Member("to", .string(name.description))]
      if !prefix.isEmpty { members.append(.init("prefix", .string(prefix.shown))) }
      self.init(.post, "/revert", body: .object(members))
    case .tag(let tag, let name, let replace):
      self.init(
        .put, "/tags/\(tag.text.percentEncoded)",
        body: ["revision": .string(name.description), "replace": .bool(replace)])
    case .transaction(let steps):
      self.init(.post, "/txn", body: ["steps": .array(steps.map(\.json))])
    case .removeTag(let tag): self.init(.delete, "/tags/\(tag.text.percentEncoded)")
    case .stageImport(let part):
      self.init(
        .post, "/import/\(part.id.percentEncoded)",
        body: ["part": JSON(part.number), "pairs": .array(part.pairs.map(\.json))])
    case .commitImport(let id, let parts, let existing):
      self.init(
        .post, "/import/\(id.percentEncoded)/commit",
        body: ["parts": JSON(parts), "existing": .string(existing.rawValue)])
    case .discardImport(let id): self.init(.delete, "/import/\(id.percentEncoded)")
    case .setSetting(let setting, let value?):
      self.init(.put, "/cluster/settings/\(setting.name)", body: ["value": .string(value)])
    case .setSetting(let setting, nil): self.init(.delete, "/cluster/settings/\(setting.name)")
    }
  }

  /// - Parameter more: members beside those of the pair.
  private init(
    setting pair: NewPair, _ condition: Condition, _ safety: Change.TaskSafety,
    _ more: [JSON.Member] = []
  ) {
    if Self.fitsIntoPath(pair.key) {
      self.init(
        .put, "/kv/\(pair.key.percentEncoded)" + Self.query(safety),
        body: .object(Pair.valueMembers(pair.value) + more), condition)
    } else {
      self.init(
        .post, "/set" + Self.query(safety), body: .object(pair.json.members! + more), condition)
    }
  }

  private init(_ method: Method, _ path: String, body: JSON? = nil, _ condition: Condition) {
    self.init(method, path, body: body)
    switch condition {
    case .none: break
    case .absent: ifAbsent = true
    case .revision(let revision): ifRevision = revision
    }
  }

  private static func query(_ safety: Change.TaskSafety) -> String {
    safety == .force ? "?force=true" : ""
  }

  /// Two names are steps within a path, which clients and proxies take; and what is no text is none
  /// in a URL either, to some of them.
  private static func fitsIntoPath(_ name: Bytes) -> Bool {
    !name.isEmpty && !isStep(name) && name.utf8String != nil
  }

  private static func isStep(_ name: Bytes) -> Bool {
    name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8)
  }

  /// Where a pair is read.
  package static func path(of key: Bytes) -> String {
    fitsIntoPath(key)
      ? "/kv/\(key.percentEncoded)" : "/pair?key_b64=\(Bytes(key.base64.utf8).percentEncoded)"
  }

  package static func path(of reference: TaskReference) -> String {
    let text = reference.text
    let isExact = reference.isExact || isStep(Bytes(utf8: text)) || text.isEmpty
    return (isExact ? "/task?id=" : "/tasks/") + text.percentEncoded
  }

  /// A question with parameters, those that are set.
  package static func get(
    _ path: String, _ parameters: [(name: String, value: String?)], at moment: Moment = .now
  ) -> ClientRequest {
    var all = parameters
    switch moment {
    case .now: break
    case .stale: all.append(("consistency", moment.consistency.rawValue))
    case .past(let name): all.append(("at", name.description.percentEncoded))
    }
    let query = all.compactMap { name, value in value.map { "\(name)=\($0)" } }
    let mark = path.contains("?") ? "&" : "?"
    return ClientRequest(
      .get, path + (query.isEmpty ? "" : mark + query.joined(separator: "&")))
  }
}

extension HistoryFilter {
  /// What streams of changes can be asked, too.
  var parameters: [(name: String, value: String?)] {
    [
      ("task", task?.percentEncoded), ("key", key?.percentEncoded),
      ("prefix", prefix?.percentEncoded), ("author", author?.percentEncoded),
      ("contains", text?.percentEncoded),
    ]
  }

  var times: [(name: String, value: String?)] {
    [
      ("since", since?.description.percentEncoded), ("until", until?.description.percentEncoded),
    ]
  }
}

// MARK: Answers

extension Answer {
  /// What the answer to the request for a change says that it did; `nil` if it says nothing of the
  /// kind.
  init?(_ answer: ClientAnswer, to change: Change) {
    let json = answer.json
    let count = json["count"]?.int64.map { Int($0) }
    switch change {
    case .addTasks:
      let tasks = json["tasks"]?.array?.compactMap(VersionedTask.init)
      guard let tasks, !tasks.isEmpty else { return nil }
      self = .tasks(tasks)
    case .editTask:
      guard let task = VersionedTask(json: json) else { return nil }
      self = .tasks([task])
    case .removeTask: self = .removed(1)
    case .removeCompletedTasks, .delete, .removeTag:
      guard let count else { return nil }
      self = .removed(count)
    case .set, .setExpiring, .touch, .increment, .append:
      guard var pair = Pair(json: json) else { return nil }
      pair.isNew = answer.isCreated
      self = .pair(pair)
    case .transaction(let steps):
      guard let answers = json["answers"]?.array, answers.count == steps.count else { return nil }
      let read = zip(answers, steps).compactMap { Answer($0, to: $1) }
      guard read.count == steps.count else { return nil }
      self = .transaction(read)
    case .tag:
      guard let tag = Tag(json: json) else { return nil }
      self = .tagged(tag)
    case .undo, .redo:
      guard let revision = json["undone"]?.uint64 else { return nil }
      self = .undone(
        Undone(
          revision: revision, operation: json["operation"]?.string ?? "", count: count ?? 0))
    case .setMany, .restore, .stageImport, .commitImport, .discardImport, .setSetting:
      guard let count else { return nil }
      self = .changed(count)
    }
  }
}

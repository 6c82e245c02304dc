// What can be done with key-value pairs, written against the key-value view.

extension Draft {
  /// - Parameter keepsNumber: whether a task that says which number it has may keep it.
  mutating func setPair(
    _ key: Bytes, _ value: Bytes, _ condition: Condition, at time: Timestamp,
    keepsNumber: Bool = false
  ) throws -> Pair {
    let before = try get(key)
    try condition.check(before?.revision, subject: "key '\(key.shown)'")
    var value = value
    if TaskKeys.isTask(key) {
      let existing = before.flatMap(VersionedTask.init)?.task
      if let task = try adoptTask(key, value, existing, at: time, keepsNumber) {
        value = task.json.serialized()
        guard value.count <= Limits.valueBytes else {
          throw PDBError(
            .invalidValue,
            "task \(task.number) would have \(value.count) bytes, the limit is \(Limits.valueBytes)"
          )
        }
      } else if let existing {
        // No longer a task; its number leads nowhere from now on.
        try delete(TaskKeys.number(existing.number))
      }
    }
    try put(key, value)
    return Pair(key: key, value: value, revision: revision, isNew: before == nil)
  }

  mutating func deletePairs(_ keys: [Bytes], _ condition: Condition) throws -> Int {
    var removed: Set<Bytes> = []
    for key in keys where !removed.contains(key) {
      let before = try get(key)
      try condition.check(before?.revision, subject: "key '\(key.shown)'")
      guard let before else { continue }
      if TaskKeys.isTask(key), let versioned = VersionedTask(before) {
        try removeTask(versioned.task)
      } else {
        try delete(key)
      }
      removed.insert(key)
    }
    guard !removed.isEmpty else {
      let names = keys.map { "'\($0.shown)'" }.joined(separator: ", ")
      throw PDBError(.keyNotFound, keys.count == 1 ? "no key \(names)" : "no keys \(names)")
    }
    return removed.count
  }

  mutating func increment(_ key: Bytes, by amount: Int64) throws -> Pair {
    let before = try get(key).map(\.value)
    let number = before == nil ? 0 : before.flatMap { try? JSON(parsing: $0) }?.int64
    guard let number else {
      throw PDBError(
        .notANumber, "the value of '\(key.shown)' is not a whole number",
        hint: "'pdb kv get \(key.shown)' shows it")
    }
    let (sum, isOverflow) = number.addingReportingOverflow(amount)
    guard !isOverflow else {
      throw PDBError(.notANumber, "'\(key.shown)' would leave the range of 64-bit numbers")
    }
    let value = Bytes(utf8: String(sum))
    try put(key, value, keepsLease: true)
    return Pair(key: key, value: value, revision: revision, isNew: before == nil)
  }

  mutating func append(_ values: [Bytes], to key: Bytes) throws -> Pair {
    let before = try get(key).map(\.value)
    let list = before == nil ? [] : before.flatMap { try? JSON(parsing: $0) }?.array
    guard let list else {
      throw PDBError(
        .notAList, "the value of '\(key.shown)' is not a list",
        hint: "'pdb kv get \(key.shown)' shows it")
    }
    // Nodes propose only JSON, but an entry may come from one that lies.
    guard let added = try? values.map({ try JSON(parsing: $0) }) else {
      throw PDBError(.invalidValue, "what is to be appended to '\(key.shown)' is not JSON")
    }
    let value = JSON.array(list + added).serialized()
    guard value.count <= Limits.valueBytes else {
      throw PDBError(
        .invalidValue, "the list at '\(key.shown)' would exceed \(Limits.valueBytes) bytes")
    }
    try put(key, value, keepsLease: true)
    return Pair(key: key, value: value, revision: revision, isNew: before == nil)
  }

  /// An object with a title under a task's key is a task: what it lacks is filled in from the task
  /// that is there, and what pdb does not know of tasks is kept as it is. This is how the seed's
  /// `/set` and `/replicate` store tasks. Any other value is just a value.
  mutating func adoptTask(
    _ key: Bytes, _ value: Bytes, _ existing: TaskItem?, at time: Timestamp,
    _ keepsNumber: Bool = false
  ) throws -> TaskItem? {
    guard let json = JSON(objectIn: value), let id = TaskKeys.id(of: key),
      let text = json["title"]?.string, let title = try? Title(text)
    else { return nil }
    let wanted = keepsNumber ? json["number"]?.uint64 : nil
    let extra = TaskItem.extra(in: json)
    let kept = (existing?.extra ?? []).filter { old in !extra.contains { $0.hasName(old.name) } }
    return TaskItem(
      id: id, number: try existing?.number ?? takeTaskNumber(wanted, for: id), title: title.text,
      completed: json["completed"]?.bool ?? existing?.completed ?? false,
      createdAt: existing?.createdAt ?? json["created_at"]?.string ?? time.description,
      extra: kept + extra)
  }
}

extension Bytes {
  /// For messages: the text, or what can be shown of it, without control characters.
  package var shown: String {
    String(decoding: self, as: UTF8.self).escapingControlCharacters
  }
}

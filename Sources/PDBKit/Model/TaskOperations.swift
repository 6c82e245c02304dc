// What can be done with tasks, written against the key-value view.

extension Draft {
  mutating func addTask(_ new: NewTask, at time: Timestamp) throws -> VersionedTask {
    let key = TaskKeys.task(id: new.id)
    guard try get(key) == nil else {
      throw PDBError(.conflict, "task '\(new.id)' already exists")
    }
    var task = TaskItem(
      id: new.id, number: try takeTaskNumber(for: new.id), title: new.title, completed: false,
      createdAt: time.description)
    for member in new.fields.members { task.set(member.name, to: member.value) }
    try put(key, try Self.stored(task))
    return VersionedTask(task: task, revision: revision)
  }

  mutating func editTask(
    _ reference: TaskReference, _ edit: TaskEdit, _ condition: Condition, at time: Timestamp
  ) throws -> VersionedTask {
    let found = try task(reference)
    try condition.check(found.revision, subject: "task \(found.task.number)")
    var task = found.task
    if let title = edit.title { task.title = title }
    if let completed = edit.completed, completed != task.completed {
      task.completed = completed
      // Members of older versions keep no such time.
      if mark.version >= .taskFields {
        task.set(
          TaskItem.completedAtName, to: completed ? .string(time.description) : .null)
      }
    }
    for member in edit.fields.members { task.set(member.name, to: member.value) }
    // What is so already needs no change, and no revision.
    guard task != found.task else { return found }
    try put(TaskKeys.task(id: task.id), try Self.stored(task))
    return VersionedTask(task: task, revision: revision)
  }

  /// A task as it is stored.
  ///
  /// - Throws: `invalid_value` for one that is too large.
  private static func stored(_ task: TaskItem) throws -> Bytes {
    let value = task.json.serialized()
    guard value.count <= Limits.valueBytes else {
      throw PDBError(
        .invalidValue,
        "task \(task.number) would have \(value.count) bytes, the limit is \(Limits.valueBytes)")
    }
    return value
  }

  mutating func removeTask(_ task: TaskItem) throws {
    try delete(TaskKeys.task(id: task.id))
    try delete(TaskKeys.number(task.number))
  }

  mutating func removeCompletedTasks() throws -> Int {
    var completed: [TaskItem] = []
    try scanTasks(reversed: false) { versioned in
      if versioned.task.completed { completed.append(versioned.task) }
      return true
    }
    for task in completed { try removeTask(task) }
    return completed.count
  }

  /// Takes a task number and makes it lead to the task that is about to be added: the wanted
  /// one if it was never given before, else the next.
  mutating func takeTaskNumber(_ wanted: UInt64? = nil, for id: String) throws -> UInt64 {
    let last = try get(TaskKeys.lastNumber)?.value.utf8String.flatMap(UInt64.init) ?? 0
    guard last < .max else { throw PDBError(.tooMany, "every number of a task was given") }
    let number = wanted.flatMap { $0 > last && $0 <= Limits.importedNumber ? $0 : nil } ?? last + 1
    try put(TaskKeys.lastNumber, Bytes(utf8: String(number)))
    try put(TaskKeys.number(number), Bytes(utf8: id))
    return number
  }
}

extension KeyValueView {
  /// Finds the one task that a reference means.
  ///
  /// - Throws: `task_not_found`, or `ambiguous_task` with the candidates.
  package func task(_ reference: TaskReference) throws -> VersionedTask {
    // An id that is written out means that task, even if it looks like another one's number.
    if let exact = try task(id: reference.text) { return exact }
    if !reference.isExact, let found = try inexactTask(reference.text) { return found }
    throw PDBError(
      .taskNotFound, "no task '\(reference.text)'", hint: "'pdb task ls --all' lists them")
  }

  /// The task with this number, or the one whose id begins so.
  private func inexactTask(_ text: String) throws -> VersionedTask? {
    // A number has no zeros before it; the beginning of an id may.
    if let number = UInt64(text), String(number) == text, let task = try task(number: number) {
      return task
    }
    guard text.utf8.count >= TaskReference.shortestPrefix else { return nil }
    var matches: [VersionedTask] = []
    try scan(prefix: TaskKeys.task(id: text.lowercased())) { _, stored in
      if let match = VersionedTask(stored) { matches.append(match) }
      return matches.count < Self.shownCandidates
    }
    guard matches.count > 1 else { return matches.first }
    throw PDBError(
      .ambiguousTask, "'\(text)' is the beginning of more than one task's id",
      hint: "write more of the id, or the task's number",
      details: [.init("candidates", .array(matches.map(\.task.json)))])
  }

  private static var shownCandidates: Int { 10 }

  func task(id: String) throws -> VersionedTask? {
    try get(TaskKeys.task(id: id)).flatMap(VersionedTask.init)
  }

  func task(number: UInt64) throws -> VersionedTask? {
    try get(TaskKeys.number(number))?.value.utf8String.flatMap { try task(id: $0) }
  }

  /// Visits the tasks in the order of their numbers, or reversed, until `body` returns false.
  ///
  /// - Parameters:
  ///   - first: the lowest number.
  ///   - limit: beyond the highest number.
  func scanTasks(
    from first: UInt64 = 0, before limit: UInt64? = nil, reversed: Bool,
    _ body: (VersionedTask) throws -> Bool
  ) throws {
    let end = limit.map(TaskKeys.number) ?? TaskKeys.numbers.prefixEnd
    try scan(from: TaskKeys.number(first), to: end, reversed: reversed) { _, stored in
      guard let id = stored.value.utf8String, let task = try task(id: id) else { return true }
      return try body(task)
    }
  }
}

extension VersionedTask {
  package init?(_ stored: StoredValue) {
    guard let json = JSON(objectIn: stored.value), let task = TaskItem(json: json) else {
      return nil
    }
    self.init(task: task, revision: stored.revision)
  }
}

// What can be done with tasks, written against the key-value view.

extension Draft {
  mutating func addTask(_ new: NewTask, at time: Timestamp) throws -> VersionedTask {
    let key = TaskKeys.task(id: new.id)
    guard try get(key) == nil else {
      throw PDBError(.conflict, "task '\(new.id)' exists already")
    }
    let task = TaskItem(
      id: new.id, number: try takeTaskNumber(for: new.id), title: new.title, completed: false,
      createdAt: time.description)
    try put(key, task.json.serialized())
    return VersionedTask(task: task, revision: revision)
  }

  mutating func editTask(
    _ reference: TaskReference, _ edit: TaskEdit, _ condition: Condition
  ) throws -> VersionedTask {
    let found = try task(reference)
    try condition.check(found.revision, subject: "task \(found.task.number)")
    var task = found.task
    if let title = edit.title { task.title = title }
    if let completed = edit.completed { task.completed = completed }
    // What is so already needs no change, and no revision.
    guard task != found.task else { return found }
    try put(TaskKeys.task(id: task.id), task.json.serialized())
    return VersionedTask(task: task, revision: revision)
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
  func task(_ reference: TaskReference) throws -> VersionedTask {
    // Digits are a number first: an id that looks like one must not hide the number.
    if let number = UInt64(reference.text),
      let id = try get(TaskKeys.number(number))?.value.utf8String, let task = try task(id: id)
    {
      return task
    }
    if let exact = try task(id: reference.text) { return exact }
    if reference.text.utf8.count >= TaskReference.shortestPrefix {
      var matches: [VersionedTask] = []
      let prefix = TaskKeys.task(id: reference.text.lowercased())
      try scan(prefix: prefix) { _, stored in
        if let match = VersionedTask(stored) { matches.append(match) }
        return matches.count < 2
      }
      if matches.count == 1 { return matches[0] }
      if matches.count > 1 {
        throw PDBError(
          .ambiguousTask, "'\(reference.text)' is the beginning of more than one task's id",
          hint: "write more of the id, or the task's number")
      }
    }
    throw PDBError(
      .taskNotFound, "no task '\(reference.text)'", hint: "'pdb task ls --all' lists them")
  }

  private func task(id: String) throws -> VersionedTask? {
    try get(TaskKeys.task(id: id)).flatMap(VersionedTask.init)
  }

  /// Visits the tasks in the order of their numbers, or reversed, until `body` returns false.
  func scanTasks(
    before limit: UInt64? = nil, reversed: Bool, _ body: (VersionedTask) throws -> Bool
  ) throws {
    let end = limit.map(TaskKeys.number) ?? TaskKeys.numbers.prefixEnd
    try scan(from: TaskKeys.numbers, to: end, reversed: reversed) { _, stored in
      guard let id = stored.value.utf8String, let task = try task(id: id) else { return true }
      return try body(task)
    }
  }
}

extension VersionedTask {
  init?(_ stored: StoredValue) {
    guard let json = try? JSON(parsing: stored.value), let task = TaskItem(json: json) else {
      return nil
    }
    self.init(task: task, revision: stored.revision)
  }
}

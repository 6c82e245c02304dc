// Applying an operation: a pure function of the state and the stamp.
//
// Nothing here reads a clock, a random source, a locale or the order of a dictionary: the
// same operation on the same state gives the same changes on every node, for ever.

extension Operation {
  /// Writes the operation's changes into a draft and says what to answer.
  ///
  /// - Throws: ``PDBError`` when the state refuses the operation; the draft must then be
  ///   dropped. Any other error comes from the view.
  func apply(to draft: inout Draft<some StateView>, stamp: Stamp) throws -> Answer {
    switch self {
    case .addTasks(let tasks):
      return .tasks(try tasks.map { try draft.addTask($0, at: stamp.time) })
    case .editTask(let reference, let edit, let condition):
      return .tasks([try draft.editTask(reference, edit, condition, at: stamp.time)])
    case .removeTask(let reference, let condition):
      let found = try draft.task(reference)
      try condition.check(found.revision, subject: "task \(found.task.number)")
      try draft.removeTask(found.task)
      return .removed(1)
    case .removeCompletedTasks:
      return .removed(try draft.removeCompletedTasks())
    case .set(let key, let value, let condition):
      return .pair(try draft.setPair(key, value, condition, at: stamp.time))
    case .setExpiring(let key, let value, let condition, let lease):
      let pair = try draft.setPair(key, value, condition, at: stamp.time)
      try draft.setLease(lease, of: key)
      return .pair(pair)
    case .touch(let key, let condition, let lease):
      return .pair(try draft.touch(key, condition, lease))
    case .expire:
      return .removed(try draft.expire())
    case .setMany(let pairs):
      for pair in pairs { _ = try draft.setPair(pair.key, pair.value, .none, at: stamp.time) }
      return .changed(Set(pairs.map(\.key)).count)
    case .delete(let keys, let condition):
      return .removed(try draft.deletePairs(keys, condition))
    case .increment(let key, let amount):
      return .pair(try draft.increment(key, by: amount))
    case .append(let key, let values):
      return .pair(try draft.append(values, to: key))
    case .undo(let number):
      return .undone(try draft.undo(number, by: stamp.author))
    case .redo:
      return .undone(try draft.redo(by: stamp.author))
    case .restore(let name, let prefix):
      return .changed(try draft.restore(to: name, prefix: prefix))
    case .tag(let tag, let name, let replace):
      return .tagged(try draft.tag(tag, name, replace: replace))
    case .removeTag(let tag):
      try draft.removeTag(tag)
      return .removed(1)
    case .transaction(let steps):
      return .transaction(
        try steps.enumerated().map { position, step in
          do { return try step.apply(to: &draft, stamp: stamp) } catch let error as PDBError {
            throw error.inStep(position + 1)
          }
        })
    case .get(let key, let condition):
      let found = try draft.get(key)
      try condition.check(found?.revision, subject: "key '\(key.shown)'")
      return .found(found.map { Pair(key: key, value: $0.value, revision: $0.revision) })
    case .stageImport(let part):
      return .changed(try draft.stage(part))
    case .commitImport(let id, let parts, let existing):
      return .changed(try draft.commitImport(id, parts: parts, existing, at: stamp.time))
    case .discardImport(let id):
      return .changed(try draft.discardImport(id))
    case .raiseVersion:
      return .changed(0)
    case .setSetting(let setting, let value):
      return .changed(try draft.set(setting, to: value) ? 1 : 0)
    case .skipEntry(let entry):
      return .changed(try draft.skip(entry))
    }
  }
}

extension PDBError {
  /// The same, of a step of a transaction; the first has number 1.
  func inStep(_ number: Int) -> PDBError {
    PDBError(
      code, "step \(number): \(message)", outcome: outcome, hint: hint,
      details: details + [.init("step", JSON(number))])
  }
}

extension Condition {
  /// - Parameter revision: of what the operation would change; `nil` if it does not exist.
  /// - Throws: `conflict`, with what is there now.
  func check(_ revision: UInt64?, subject: @autoclosure () -> String) throws {
    switch self {
    case .none: return
    case .absent where revision == nil: return
    case .revision(let wanted) where revision == wanted: return
    case .absent, .revision: break
    }
    let subject = subject()
    let message =
      switch (self, revision) {
      case (.revision(let wanted), let revision?):
        "\(subject) is at revision \(revision), not \(wanted)"
      case (.revision(let wanted), nil):
        "\(subject) does not exist, revision \(wanted) was expected"
      case (_, let revision): "\(subject) already exists (revision \(revision ?? 0))"
      }
    throw PDBError(
      .conflict, message,
      hint: "read it again and decide",
      details: [.init("revision", revision.map { JSON($0) } ?? .null)])
  }
}

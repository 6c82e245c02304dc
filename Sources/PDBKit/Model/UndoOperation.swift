// Undoing a change, written against the view of the state.

extension Draft {
  /// Makes a change that reverses a revision, all of it.
  ///
  /// - Parameter wanted: `nil` for the author's newest that stands. It is found here and not
  ///   before the operation is proposed, so that a repeated request means the same revision.
  /// - Throws: `revision_not_found`, or `conflict` with both values where something has
  ///   changed since.
  mutating func undo(_ wanted: UInt64?, by author: String) throws -> Undone {
    // What lies beyond the limit goes a few entries later, and is not to be had until then.
    if let setting = HistoryLimits(try settings()).empty { throw Self.nothingKept(setting) }
    let found = try wanted.map { try revision($0) } ?? newestUndoable(by: author)
    guard let revision = found else { throw Self.nothing(wanted) }
    let number = revision.number
    // A number that was given stays given.
    let all = try changes(of: revision).filter { $0.key != TaskKeys.lastNumber }
    let changes = all.filter { $0.key != SystemKeys.settings }
    guard !revision.skipsEntry else {
      throw PDBError(
        .conflict, "revision \(number) cannot be undone: an entry that was skipped stays skipped")
    }
    let conflicts = try changes.filter { try get($0.key)?.value != $0.after }
    for change in changes { try checkTag(change, of: number) }
    guard rules.mayUndo(over: conflicts.count) else { throw try conflict(number, conflicts) }
    for change in changes {
      if let before = change.before {
        try put(change.key, before.value)
      } else {
        try delete(change.key)
      }
    }
    for change in all where change.key == SystemKeys.settings {
      try undoSettings(change, of: number)
    }
    return Undone(
      revision: number, operation: revision.operation,
      count: changes.count { !$0.key.starts(with: SystemKeys.prefix) })
  }

  private static func nothingKept(_ setting: Setting) -> PDBError {
    PDBError(
      .revisionNotFound, "nothing can be undone: '\(setting.name)' is 0",
      hint: "after 'pdb cluster unset \(setting.name)' the changes that follow can")
  }

  private static func nothing(_ wanted: UInt64?) -> PDBError {
    guard let wanted else {
      return PDBError(
        .revisionNotFound, "you have made no change that could be undone",
        hint: "'pdb log' shows all changes; 'pdb undo REV' undoes any of them")
    }
    return PDBError(
      .revisionNotFound, "there is no revision \(wanted) in the history",
      hint: "'pdb log' lists what there is; the oldest are forgotten")
  }

  private func conflict(_ number: UInt64, _ conflicts: [KeyChange]) throws -> PDBError {
    let visible = conflicts.filter { !$0.key.starts(with: SystemKeys.prefix) }
    let first = visible.first ?? conflicts[0]
    let newer = try get(first.key)
    let task = Self.task(first.after) ?? Self.task(first.before?.value) ?? Self.task(newer?.value)
    let subject = task.map { "task \($0.number) '\($0.title)'" } ?? "'\(first.key.shown)'"
    let history = task.map { "--task \($0.number)" } ?? "--key \(first.key.shown)"
    return PDBError(
      .conflict,
      visible.count > 1
        ? "revision \(number) cannot be undone: \(subject) and \(visible.count - 1) more changed since"
        : "revision \(number) cannot be undone: \(subject) changed since",
      hint: newer.map { "'pdb show \($0.revision)' shows what changed it; undo that first" }
        ?? "it is gone; 'pdb log \(history)' shows when",
      details: [
        .init(
          "conflicts",
          .array(
            try visible.prefix(Self.shownConflicts).map { change in
              [
                "key": .string(change.key.shown), "expected": JSON(stored: change.after),
                "found": JSON(stored: try get(change.key)?.value),
              ]
            }))
      ])
  }

  private static func task(_ value: Bytes?) -> TaskItem? {
    value.flatMap { try? JSON(parsing: $0) }.flatMap(TaskItem.init)
  }

  private static var shownConflicts: Int { 20 }
}

// What a store can be asked to change.

public import PDBModel

/// One change, all or nothing. What it needs beyond these words (times, ids) the store stamps.
public enum Change: Equatable, Sendable {
  /// Adds tasks, all with the same fields. Answers ``Answer/tasks(_:)``.
  case addTasks([Title], TaskFields = TaskFields())
  /// Changes a task. Answers ``Answer/tasks(_:)`` with the one.
  case editTask(TaskReference, TaskEdit, Condition)
  /// Removes a task. Answers ``Answer/removed(_:)``.
  case removeTask(TaskReference, Condition)
  /// Removes all completed tasks. Answers ``Answer/removed(_:)``.
  case removeCompletedTasks
  /// Sets a key. Answers ``Answer/pair(_:)``.
  case set(NewPair, Condition, TaskSafety)
  /// Sets a key that ceases to be after a while: not before, and soon after. Answers
  /// ``Answer/pair(_:)``. A change of its value that says nothing of the time lets it live for ever, but
  /// for ``increment(_:by:)`` and ``append(_:_:)``.
  case setExpiring(NewPair, after: Duration, Condition, TaskSafety)
  /// Moves the time at which a key ceases to be, counted from now; `nil`: it lives for ever. This makes no
  /// revision. Answers ``Answer/pair(_:)``.
  case touch(Bytes, after: Duration?, Condition)
  /// Sets several keys. Answers ``Answer/changed(_:)``.
  case setMany([NewPair], TaskSafety)
  /// Removes keys. Answers ``Answer/removed(_:)``; `key_not_found` if none of them is there.
  case delete([Bytes], Condition)
  /// Adds to a number; where there is no key it counts as 0. Answers ``Answer/pair(_:)``.
  case increment(Bytes, by: Int64)
  /// Adds values, as JSON, to the end of a list; where there is no key it counts as empty. Answers
  /// ``Answer/pair(_:)``.
  case append(Bytes, [Bytes])
  /// Reverses a revision; `nil`: the newest of the author's that stands. Answers
  /// ``Answer/undone(_:)``.
  case undo(UInt64?)
  /// Takes the author's newest undo back, if nothing of theirs came after it. Answers
  /// ``Answer/undone(_:)``.
  case redo
  /// Gives the keys that begin with a prefix the values that they had at a revision; other keys stay.
  /// Answers ``Answer/changed(_:)``.
  case restore(RevisionName, prefix: Bytes)
  /// Names a revision. A tag that exists is moved only if `replace` says so. Answers
  /// ``Answer/tagged(_:)``.
  case tag(TagName, RevisionName, replace: Bool)
  /// Removes a tag. Answers ``Answer/removed(_:)``.
  case removeTag(TagName)
  /// Makes several changes as one: all of them, or none if one is refused. Answers
  /// ``Answer/transaction(_:)``.
  indirect case transaction([TransactionStep])
  /// Puts a part of an import aside, where callers do not see it. Answers ``Answer/changed(_:)``.
  case stageImport(ImportPart)
  /// Makes all parts of an import visible at once. Answers ``Answer/changed(_:)``.
  case commitImport(id: String, parts: UInt64, ExistingKeys)
  /// Forgets the parts of an import. Answers ``Answer/changed(_:)``.
  case discardImport(id: String)
  /// Gives a setting of the cluster a value; `nil`: the default. Answers ``Answer/changed(_:)`` with 1, or
  /// with 0 if that value holds already.
  case setSetting(Setting, value: String?)

  /// What happens when a value that is no task would take the place of one.
  public enum TaskSafety: Equatable, Sendable {
    /// The change is refused with `conflict`.
    case spare
    /// The task is lost.
    case force
  }
}

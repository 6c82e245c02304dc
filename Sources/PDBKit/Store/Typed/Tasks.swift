// The list of tasks, for programs.

public import PDBModel

/// The tasks of a place.
public struct Tasks: Sendable {
  let store: any Store

  /// Adds a task.
  ///
  /// - Parameters:
  ///   - title: as ``Title`` accepts it.
  ///   - due: until when it is to be done.
  /// - Throws: `title_required`, `invalid_title`.
  @discardableResult
  public func add(_ title: String, due: DueDate? = nil) async throws(PDBError) -> TaskItem {
    var fields = TaskFields()
    fields[.due] = due.map { .string($0.description) }
    return try await add(title, fields)
  }

  /// Adds a task with any of its fields.
  ///
  /// - Throws: `title_required`, `invalid_title`; `bad_request` for a value that a field cannot have.
  @discardableResult
  public func add(_ title: String, _ fields: TaskFields) async throws(PDBError) -> TaskItem {
    let answer = try await store.apply(.addTasks([Title(title)], fields)).answer
    guard case .tasks(let tasks) = answer, let added = tasks.first else {
      throw PDBError.unexpected
    }
    return added.task
  }

  /// Reads a task.
  ///
  /// - Parameter reference: its number, its id, or the beginning of its id.
  /// - Throws: `task_not_found`, or `ambiguous_task` with the candidates.
  public func get(_ reference: String) async throws(PDBError) -> TaskItem {
    try await store.task(TaskReference(reference), at: .now).value.task
  }

  /// Reads tasks, the newest first.
  public func list(_ query: TaskQuery = TaskQuery()) async throws(PDBError) -> [TaskItem] {
    try await store.tasks(query, at: .now).all().map(\.task)
  }

  /// Changes the title of a task, or whether it is completed.
  ///
  /// - Parameters:
  ///   - reference: its number, its id, or the beginning of its id.
  ///   - edit: the new title, or whether it is completed, or both.
  ///   - condition: what must hold for the change to be made.
  /// - Throws: `task_not_found`, `ambiguous_task`, `conflict`.
  @discardableResult
  public func edit(
    _ reference: String, _ edit: TaskEdit, if condition: Condition = .none
  ) async throws(PDBError) -> TaskItem {
    let change = Change.editTask(TaskReference(reference), edit, condition)
    guard case .tasks(let tasks) = try await store.apply(change).answer, let task = tasks.first
    else { throw PDBError.unexpected }
    return task.task
  }

  /// Says that a task is done.
  @discardableResult
  public func complete(_ reference: String) async throws(PDBError) -> TaskItem {
    try await edit(reference, TaskEdit(completed: true))
  }

  /// Removes a task.
  ///
  /// - Throws: `task_not_found`, `ambiguous_task`.
  public func remove(_ reference: String) async throws(PDBError) {
    try await store.apply(.removeTask(TaskReference(reference), .none))
  }

  /// Listens to changes of tasks, as ``Database/changes(prefix:since:)`` does.
  public func changes(since revision: UInt64? = nil) -> Changes {
    Changes(
      store: store, since: revision, filter: HistoryFilter(prefix: TaskKeys.prefix))
  }
}

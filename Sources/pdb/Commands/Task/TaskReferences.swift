// The references of `pdb task done|reopen|rm`, and working through them.

import ArgumentParser
import PDBKit

struct TaskReferences: ParsableArguments {
  @Argument(help: ArgumentHelp("Numbers, or beginnings of ids.", valueName: "ref"))
  var words: [String]

  var list: TaskReferenceList { TaskReferenceList(words: words) }
}

/// The tasks that a command is about, as they were named.
struct TaskReferenceList {
  let words: [String]

  /// Each once.
  var references: [String] {
    var seen: Set<String> = []
    return words.filter { seen.insert($0).inserted }
  }

  /// The one task that a step of a transaction is about.
  ///
  /// - Throws: `bad_request` for several.
  func one() throws -> TaskReference {
    guard references.count == 1 else {
      throw PDBError(
        .badRequest, "a step changes one task, not \(references.count)",
        hint: "write a line for each")
    }
    return try TaskReference(naming: references[0])
  }

  /// Changes all of them by one change. All must exist.
  ///
  /// - Returns: what was done to each, and the revision after it.
  func change(
    _ session: Session, _ change: (TaskReference) -> Change
  ) async throws -> (answers: [Answer], revision: UInt64) {
    let references = try references.map(TaskReference.init(naming:))
    guard references.count > 1 else {
      let receipt = try await session.apply(change(references[0]))
      return ([receipt.answer], receipt.revision)
    }
    let store = try await session.store()
    for reference in references { _ = try await store.task(reference, at: .now) }
    let receipt = try await session.apply(.transaction(references.map { .change(change($0)) }))
    return (receipt.answer.steps, receipt.revision)
  }

  /// Ticks tasks off or on again.
  func set(completed: Bool, _ session: Session) async throws {
    let done = try await change(session) {
      .editTask($0, TaskEdit(completed: completed), .none)
    }
    let changed = done.answers.flatMap(\.tasks).map(\.task)
    try session.show(["tasks": .array(changed.map(\.json))]) {
      for task in changed {
        TaskOutput.changed(
          completed
            ? "done \(task.number)  \(task.title)" : "reopened \(task.number)  \(task.title)", task)
      }
    }
  }
}

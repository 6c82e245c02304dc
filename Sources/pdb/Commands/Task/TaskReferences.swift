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

  /// Changes each task in turn. All must exist before the first is changed; should a change
  /// fail all the same, the error says how many were made before it.
  func change(
    _ session: Session, _ body: (TaskReference) async throws -> Void
  ) async throws {
    let references = try references.map(TaskReference.init(naming:))
    if references.count > 1 {
      let store = try await session.store()
      for reference in references { _ = try await store.task(reference, at: .now) }
    }
    for (count, reference) in references.enumerated() {
      do {
        try await body(reference)
      } catch let error as PDBError where count > 0 {
        throw PDBError(
          error.code, "\(error.message); \(count) of \(references.count) changes were made before",
          outcome: error.outcome == .unknown ? .unknown : .applied, hint: error.hint,
          details: error.details + [.init("changed", JSON(count))])
      }
    }
  }

  /// Ticks tasks off or on again.
  func set(completed: Bool, verb: String, _ session: Session) async throws {
    var changed: [TaskItem] = []
    try await change(session) { reference in
      let receipt = try await session.apply(
        .editTask(reference, TaskEdit(completed: completed), .none))
      changed += receipt.answer.tasks.map(\.task)
    }
    try session.show(["tasks": .array(changed.map(\.json))]) {
      for task in changed { TaskOutput.changed(verb, task) }
    }
  }
}

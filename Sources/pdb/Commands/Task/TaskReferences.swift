// The references of `pdb task done|reopen|rm`, and working through them.

import ArgumentParser
import PDBKit

struct TaskReferences: ParsableArguments {
  @Argument(help: ArgumentHelp("Numbers, or beginnings of ids.", valueName: "ref"))
  var references: [String]

  /// Changes each task in turn. Every change stands for itself: the first that fails ends the
  /// command, and those before it are made.
  func change(_ session: Session, verb: String, body: JSON) async throws {
    var changed: [TaskItem] = []
    defer { if session.options.json { print(changed) } }
    for reference in references {
      let answer = try await session.send(.task(.put, reference, body: body))
      let task = try answer.json.task()
      changed.append(task)
      if !session.options.json { TaskOutput.changed(verb, task) }
    }
  }

  private func print(_ tasks: [TaskItem]) {
    if !tasks.isEmpty {
      Console.write(JSON.object([.init("tasks", .array(tasks.map(\.json)))]).text)
    }
  }
}

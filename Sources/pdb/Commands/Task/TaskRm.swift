// `pdb task rm`

import ArgumentParser
import PDBKit

struct TaskRm: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove tasks.",
    discussion: "Removing one asks nothing; removing several asks once.",
    aliases: ["delete", "remove"])

  static let examples = [
    Example("pdb task rm 3", "Remove a task:")
  ]

  @OptionGroup var references: TaskReferences
  @OptionGroup var options: GlobalOptions

  func step() throws -> TransactionStep { .change(.removeTask(try references.list.one(), .none)) }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let count = references.list.references.count
      if count > 1 { try await session.confirm("remove \(count) tasks") }
      // People want to see what it was.
      var tasks: [TaskItem] = []
      if Console.isTerminal(.output) && !options.json {
        let store = try await session.store()
        for word in references.list.references {
          tasks.append(try await store.task(TaskReference(naming: word), at: .now).value.task)
        }
      }
      let done = try await references.list.change(session) { .removeTask($0, .none) }
      for task in tasks { session.say("removed \(task.number)  \(task.title)") }
      session.sayHowToUndo(done.revision)
      try session.show(["status": "deleted", "count": JSON(count)]) {}
    }
  }
}

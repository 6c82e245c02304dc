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
      try await references.list.change(session) { reference in
        // People want to see what it was.
        let task =
          Console.isTerminal(.output) && !options.json
          ? try await session.store().task(reference, at: .now).value.task : nil
        let receipt = try await session.apply(.removeTask(reference, .none))
        if let task {
          session.say("removed \(task.number)  \(task.title)")
        }
        session.sayHowToUndo(receipt.revision)
      }
      try session.show(["status": "deleted", "count": JSON(count)]) {}
    }
  }
}

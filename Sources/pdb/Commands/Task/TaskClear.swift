// `pdb task clear`

import ArgumentParser
import PDBKit

struct TaskClear: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "clear", abstract: "Remove all completed tasks, as one change.")

  static let examples = [
    Example("pdb task clear --yes", "Remove what is completed:")
  ]

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let completed = try await session.send(ClientRequest(.get, "/tasks?status=completed"))
      let count = try completed.json.tasks().count
      if count > 1 { try await session.confirm("remove \(count) completed tasks") }
      let answer = try await session.send(ClientRequest(.delete, "/tasks?status=completed"))
      let removed = answer.json["count"]?.int64 ?? 0
      try session.show(answer.json) {
        guard Console.isTerminal(.output) else { return Console.write(String(removed)) }
        session.say("removed \(removed)")
        if removed > 0 { session.sayHowToUndo(answer) }
      }
    }
  }
}

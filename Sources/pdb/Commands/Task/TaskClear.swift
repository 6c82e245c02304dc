// `pdb task clear`

import ArgumentParser
import PDBKit

struct TaskClear: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clear", abstract: "Remove all completed tasks, as one change.")

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let completed = try await session.send(ClientRequest(.get, "/tasks?status=completed"))
      let count = try completed.json.tasks().count
      if count > 1 { try session.confirm("remove \(count) completed tasks") }
      let answer = try await session.send(ClientRequest(.delete, "/tasks?status=completed"))
      if options.json {
        Console.write(answer.json.text)
      } else if Console.isTerminal(.output) {
        session.say("removed \(answer.json["count"]?.int64 ?? 0)")
      } else {
        Console.write(String(answer.json["count"]?.int64 ?? 0))
      }
    }
  }
}

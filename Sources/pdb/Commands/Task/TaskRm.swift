// `pdb task rm`

import ArgumentParser
import PDBKit

struct TaskRm: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove tasks.",
    discussion: "Removing one asks nothing; removing several asks once.")

  @OptionGroup var references: TaskReferences
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let references = references.references
      if references.count > 1 { try session.confirm("remove \(references.count) tasks") }
      var count = 0
      defer {
        if options.json && count > 0 {
          let json: JSON = ["status": "deleted", "count": JSON(count)]
          Console.write(json.text)
        }
      }
      for reference in references {
        _ = try await session.send(.task(.delete, reference))
        count += 1
        session.say("removed \(reference)")
      }
    }
  }
}

// `pdb kv rm`

import ArgumentParser
import PDBKit

struct KVRm: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove keys, as one change.",
    discussion: "Removing one asks nothing; removing several asks once.")

  static let examples = [
    Example("pdb kv rm greeting colours --yes", "Remove keys:")
  ]

  @Argument(help: ArgumentHelp("The keys.", valueName: "key"))
  var keys: [String]

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      if keys.count > 1 { try session.confirm("remove \(keys.count) keys") }
      let answer = try await session.send(
        ClientRequest(
          .post, "/delete",
          body: ["keys": .array(try keys.map { .string(try Input.text($0)) })]))
      try session.show(answer.json) {
        session.say("removed \(answer.json["count"]?.int64 ?? 0)")
        session.sayHowToUndo(answer)
      }
    }
  }
}

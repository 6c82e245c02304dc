// `pdb undo`

import ArgumentParser
import PDBKit

struct UndoCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "undo", abstract: "Take a change back by making a new one.",
    discussion: """
      All of the change is taken back or nothing: where a value has changed since, nothing \
      happens and both values are shown. Without a number it is the newest change of yours that \
      is not taken back yet, so undoing twice takes back two. An undo is a change like any other \
      and can itself be undone by its number.
      """)

  static let examples = [
    Example("pdb undo", "Take your last change back:")
  ]

  @Argument(help: ArgumentHelp("The number that 'pdb log' shows.", valueName: "rev"))
  var revision: UInt64?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let body: JSON = revision.map { ["revision": JSON($0)] } ?? [:]
      let answer = try await session.send(ClientRequest(.post, "/undo", body: body))
      var members = answer.json.members ?? []
      members.append(.init("revision", answer.revision.map { JSON($0) } ?? .null))
      try session.show(.object(members)) {
        let undone = answer.json["undone"]?.uint64 ?? 0
        guard Console.isTerminal(.output) else { return Console.write(String(undone)) }
        let operation = answer.json["operation"]?.string.map { " (\($0))" } ?? ""
        let count = answer.json["count"]?.uint64 ?? 0
        session.say(
          "took back revision \(undone)\(operation): "
            + "\(count) key\(count == 1 ? "" : "s") as before")
        session.sayHowToUndo(answer)
      }
    }
  }
}

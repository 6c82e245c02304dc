// `pdb undo`

import ArgumentParser
import PDBKit

struct UndoCommand: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "undo", abstract: "Undo a change by making a new one.",
    discussion: """
      All of the change is undone or nothing: where a value has changed since, nothing happens and \
      both values are shown. Without a number it is the newest change of yours that is not undone \
      yet, so undoing twice undoes two. An undo is a change like any other and can itself be undone \
      by its number.
      """)

  static let examples = [
    Example("pdb undo", "Undo your last change:")
  ]

  @Argument(help: ArgumentHelp("The number that 'pdb log' shows.", valueName: "rev"))
  var revision: UInt64?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
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
          "undid revision \(undone)\(operation): \(count) key\(count == 1 ? "" : "s") restored")
        session.sayHowToUndo(answer)
      }
    }
  }
}

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

  @Argument(
    help: ArgumentHelp("A number that 'pdb log' shows, '@~3', a tag, or a time.", valueName: "rev"))
  var revision: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      var number: UInt64?
      if let revision { number = try await session.number(of: RevisionName(words: revision)) }
      try TakenBack(try await session.apply(.undo(number))).show(session)
    }
  }
}

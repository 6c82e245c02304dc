// `pdb redo`

import ArgumentParser
import PDBKit

struct RedoCommand: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "redo", abstract: "Take your last undo back.",
    discussion: """
      As often as you have undone, as long as you change nothing in between. It is a change like any \
      other.
      """)

  static let examples = [
    Example("pdb redo", "Take your last undo back:")
  ]

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      try TakenBack(try await session.apply(.redo), isRedo: true).show(session)
    }
  }
}

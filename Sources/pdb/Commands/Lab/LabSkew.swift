// `pdb lab skew`

import ArgumentParser
import PDBKit

struct LabSkew: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "skew", abstract: "Set the wall clock of a node ahead or back.",
    discussion: """
      Nothing is decided by it: only the times in the history show it.
      """)

  static let examples = [
    Example("pdb lab skew 1 3600000", "Set the clock of the first node an hour ahead:")
  ]

  @OptionGroup var target: LabTarget

  @Argument(help: ArgumentHelp("How far ahead, in milliseconds.", valueName: "ms"))
  var milliseconds: Int

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await target.ask(
      "skew", ["milliseconds": JSON(milliseconds)],
      "the clock of node \(target.node) is \(milliseconds) ms ahead", options)
  }
}

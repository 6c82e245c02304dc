// `pdb lab slow`

import ArgumentParser
import PDBKit

struct LabSlow: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "slow", abstract: "Make the disk of a node slow.",
    discussion: """
      Each write to its log takes that much longer, until it is 0 again.
      """)

  static let examples = [
    Example("pdb lab slow 1 200", "Let each write of the first node take 200 ms longer:")
  ]

  @OptionGroup var target: LabTarget

  @Argument(help: ArgumentHelp("How much longer, in milliseconds.", valueName: "ms"))
  var milliseconds: Int

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await target.ask(
      "slow", ["milliseconds": JSON(milliseconds)],
      "each write of node \(target.node) takes \(milliseconds) ms longer", options)
  }
}

// `pdb lab start`

import ArgumentParser
import PDBKit

struct LabStart: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Start a node of the lab that has ended.")

  static let examples = [
    Example("pdb lab start 2", "Start the second node again:")
  ]

  @Argument(
    help: ArgumentHelp("Its port, or its place in the lab, counted from 1.", valueName: "node"))
  var node: Int

  @OptionGroup var lab: LabFolder
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await lab.ask("start", ["node": JSON(node)], "started node \(node)", options)
  }
}

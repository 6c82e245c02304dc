// `pdb lab start`

import ArgumentParser
import PDBKit

struct LabStart: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Start a node of the lab that has ended.")

  static let examples = [
    Example("pdb lab start 2", "Start the second node again:")
  ]

  @OptionGroup var target: LabTarget

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await target.ask("start", [:], "started node \(target.node)", options)
  }
}

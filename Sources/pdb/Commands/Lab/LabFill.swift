// `pdb lab fill`

import ArgumentParser
import PDBKit

struct LabFill: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "fill", abstract: "Let the disk of a node be full.",
    discussion: """
      It takes no change, and gives leadership away.
      """)

  static let examples = [
    Example("pdb lab fill 1", "Fill the disk of the first node:"),
    Example("pdb lab fill 1 --free", "Make room again:"),
  ]

  @OptionGroup var target: LabTarget

  @Flag(name: .long, help: "Make room again.")
  var free = false

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await target.ask(
      "fill", ["full": .bool(!free)],
      free ? "the disk of node \(target.node) has room" : "the disk of node \(target.node) is full",
      options)
  }
}

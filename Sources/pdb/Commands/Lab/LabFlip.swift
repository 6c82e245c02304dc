// `pdb lab flip`

import ArgumentParser
import PDBKit

struct LabFlip: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "flip", abstract: "Turn over a bit in the files of a node.",
    discussion: """
      The node is stopped, one bit of its state is turned over, and it is started again: it notices, and makes \
      its state anew from its log or from another member. With --log the bit is one of its log, which is what it \
      has promised: the node says so and steps aside, and the others go on without it. 'pdb lab heal' turns that \
      bit back; then start the node.
      """)

  static let examples = [
    Example("pdb lab flip 2", "Damage the state of the second node, and watch it mend:"),
    Example("pdb lab flip 2 --log", "Damage what it has promised:"),
  ]

  @OptionGroup var target: LabTarget

  @Flag(name: .long, help: "Damage the log, not the state.")
  var log = false

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await target.ask(
      "flip", ["log": .bool(log)],
      log
        ? "turned over a bit in the log of node \(target.node); mend it:  pdb lab heal"
        : "turned over a bit in the state of node \(target.node)", options)
  }
}

// `pdb lab cut`

import ArgumentParser
import PDBKit

struct LabCut: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "cut", abstract: "Cut the way between two nodes of the lab.",
    discussion: """
      The cut is real: the nodes lose all that they send each other. Clients reach both.
      """)

  static let examples = [
    Example("pdb lab cut 1 2", "Let the first and the second node hear nothing of each other:"),
    Example("pdb lab cut 1 2 --one-way", "Let only what the first one says be lost:"),
  ]

  @Argument(
    help: ArgumentHelp("A node, by its port or its place counted from 1.", valueName: "node"))
  var from: Int

  @Argument(help: ArgumentHelp("The other one.", valueName: "other"))
  var to: Int

  @Flag(name: .long, help: "Cut only the way from the first one to the other.")
  var oneWay = false

  @OptionGroup var lab: LabFolder
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await lab.ask(
      "cut", ["from": JSON(from), "to": JSON(to), "one_way": .bool(oneWay)],
      "cut \(from) off from \(to); mend it:  pdb lab heal \(from) \(to)", options)
  }
}

// `pdb lab heal`

import ArgumentParser
import PDBKit

struct LabHeal: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "heal", abstract: "Mend what was cut, slowed, filled, flipped or skewed.",
    discussion: """
      Without nodes, everything is mended.
      """)

  static let examples = [
    Example("pdb lab heal 1 2", "Let two nodes hear each other again:"),
    Example("pdb lab heal", "Mend everything:"),
  ]

  @Argument(
    help: ArgumentHelp("A node, by its port or its place counted from 1.", valueName: "node"))
  var from: Int?

  @Argument(help: ArgumentHelp("The other one.", valueName: "other"))
  var to: Int?

  @OptionGroup var lab: LabFolder
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    guard (from == nil) == (to == nil) else {
      throw ValidationError("name two nodes, or none to mend everything")
    }
    let body: JSON = from.map { ["from": JSON($0), "to": JSON(to!)] } ?? [:]
    try await lab.ask("heal", body, from == nil ? "all is well again" : "mended", options)
  }
}

// `pdb-sim`: runs simulations by the thousand.

import ArgumentParser

/// The command and its parts.
@main
struct Simulator: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pdb-sim",
    abstract: "Runs whole clusters under faults, each from one seed, and watches every promise.",
    subcommands: [Run.self, Mutants.self, Work.self],
    defaultSubcommand: Run.self)
}

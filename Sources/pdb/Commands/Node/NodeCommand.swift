// `pdb node`: the group.

import ArgumentParser

struct NodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node", abstract: "Run a node.",
    subcommands: [NodeStart.self, NodeStop.self])
}

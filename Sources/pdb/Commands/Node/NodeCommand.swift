// `pdb node`: the group.

import ArgumentParser

struct NodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node", abstract: "Run, look at and stop a node.",
    subcommands: [NodeStart.self, NodeStatusCommand.self, NodeStop.self])
}

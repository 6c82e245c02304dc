// `pdb cluster`: the group.

import ArgumentParser

struct ClusterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster", abstract: "Look at the cluster.",
    subcommands: [ClusterStatus.self])
}

// `pdb cluster`: the group.

import ArgumentParser

struct ClusterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster", abstract: "Look at the cluster and change who belongs to it.",
    subcommands: [
      ClusterStatus.self, ClusterMembers.self, ClusterAdd.self, ClusterRemove.self,
      ClusterTransfer.self,
    ])
}

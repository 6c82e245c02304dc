// `pdb cluster`: the group.

import ArgumentParser

struct ClusterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Look at the cluster, change who belongs to it and how it works.",
    subcommands: [
      ClusterStatus.self, ClusterMembers.self, ClusterAdd.self, ClusterRemove.self,
      ClusterTransfer.self, ClusterInvite.self, ClusterCert.self, ClusterSkip.self,
      ClusterSettings.self, ClusterSet.self, ClusterUnset.self,
    ])
}

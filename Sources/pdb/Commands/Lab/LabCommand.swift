// `pdb lab`: the group.

import ArgumentParser

struct LabCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab", abstract: "Try a whole cluster in one terminal.",
    subcommands: [
      LabUp.self, LabKill.self, LabStart.self, LabPause.self, LabResume.self, LabCut.self,
      LabHeal.self, LabSlow.self, LabFill.self, LabFlip.self, LabSkew.self, LabSim.self,
    ])
}

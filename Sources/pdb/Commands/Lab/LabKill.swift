// `pdb lab kill`

import ArgumentParser
import Foundation

struct LabKill: ParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "kill", abstract: "Kill a node of the lab, as kill -9 does.",
    discussion: "Watch the others go on with 'pdb cluster status'.")

  static let examples = [Example("pdb lab kill 2", "Kill the second node:")]

  @OptionGroup var target: LabNode
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try target.send(SIGKILL, "killed", options) { port, restart in
      "killed node \(port); start it again:  \(restart)"
    }
  }
}

// `pdb lab resume`

import ArgumentParser
import Foundation

struct LabResume: ParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Let a paused node of the lab go on.")

  static let examples = [Example("pdb lab resume 1", "Wake the first node:")]

  @OptionGroup var target: LabNode
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try target.send(SIGCONT, "resumed", options) { port, _ in "node \(port) goes on" }
  }
}

// `pdb lab pause`

import ArgumentParser
import Foundation

struct LabPause: ParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Stop a node of the lab without ending it.",
    discussion: "To the others it is as if it were dead, until it is resumed.")

  static let examples = [Example("pdb lab pause 1", "Make the first node fall silent:")]

  @OptionGroup var target: LabNode
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try target.send(SIGSTOP, "paused", options) { port, _ in
      "paused node \(port); let it go on:  pdb lab resume \(port)"
    }
  }
}

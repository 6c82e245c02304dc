// `pdb lab kill|pause|resume`: what befalls nodes, on purpose.

import ArgumentParser
import Foundation
import PDBKit

/// Which node of the lab is meant.
struct LabNode: ParsableArguments {
  @Argument(
    help: ArgumentHelp("Its port, or its place in the lab, counted from 1.", valueName: "node"))
  var node: Int

  @Option(name: .long, help: ArgumentHelp("The folder of the nodes' files.", valueName: "dir"))
  var dataDir: String = ".pdb"

  /// Sends a signal to the node's process and tells what that means.
  func send(_ signal: Int32, _ status: String, _ words: String, _ options: GlobalOptions) throws {
    do {
      let found = try NodeProcess.find(node, in: dataDir)
      guard kill(found.process, signal) == 0 else {
        throw PDBError(
          .badRequest, "cannot signal node \(found.port): \(String(cString: strerror(errno)))",
          hint: "was it started by another user?")
      }
      if options.json {
        Console.write(
          (["status": .string(status), "port": JSON(found.port)] as JSON).text)
      } else if Console.isTerminal(.output) && !options.quiet {
        Console.write(words.replacing("PORT", with: String(found.port)))
      }
    } catch let error as PDBError {
      throw Failure(error: error, asJSON: options.json)
    }
  }
}

struct LabKill: ParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "kill", abstract: "Kill a node of the lab, as kill -9 does.",
    discussion: "Watch the others go on with 'pdb cluster status'.")

  static let examples = [Example("pdb lab kill 2", "Kill the second node:")]

  @OptionGroup var target: LabNode
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try target.send(
      SIGKILL, "killed",
      "killed node PORT; start it again:  pdb node start --port PORT --data-dir \(target.dataDir)",
      options)
  }
}

struct LabPause: ParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Stop a node of the lab without ending it.",
    discussion: "To the others it is as if it were dead, until it is resumed.")

  static let examples = [Example("pdb lab pause 1", "Make the first node fall silent:")]

  @OptionGroup var target: LabNode
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try target.send(
      SIGSTOP, "paused", "paused node PORT; let it go on:  pdb lab resume PORT", options)
  }
}

struct LabResume: ParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Let a paused node of the lab go on.")

  static let examples = [Example("pdb lab resume 1", "Wake the first node:")]

  @OptionGroup var target: LabNode
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try target.send(SIGCONT, "resumed", "node PORT goes on", options)
  }
}

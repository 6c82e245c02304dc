// `pdb remote accept`

import ArgumentParser
import PDBKit

struct RemoteAccept: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "accept", abstract: "Let a remote stand for the cluster that answers now.",
    discussion: "For a cluster that was made anew on purpose. Asks first, with both clusters.")

  static let examples = [
    Example("pdb remote accept lab --yes", "The cluster behind 'lab' was made anew:")
  ]

  @Argument(help: ArgumentHelp("The name.", valueName: "remote"))
  var name: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let file = try RemoteFile()
    let asked = try file.own(name)
    guard let found = try await asked.met(options, file.settings) else {
      throw PDBError(
        .unreachable, "no node of remote '\(name)' answers",
        hint: "its nodes are \(asked.nodes.map(\.description).joined(separator: ", "))")
    }
    if let before = asked.identity, !before.agrees(with: found) {
      try Session.confirm(
        "let '\(name)' stand for cluster \(found) instead of \(before)", options)
    }
    let remote = try RemoteFile.change { file in
      var remote = try file.own(name)
      guard remote == asked else {
        throw PDBError(
          .conflict, "remote '\(name)' was changed meanwhile", hint: "try again")
      }
      remote.identity = found
      file.write(remote)
      return remote
    }
    if options.json { return Console.write(remote.json.text) }
    guard !options.quiet, Console.isTerminal(.output) else { return }
    Console.write("remote \(name) stands for cluster \(found.cluster) now")
  }
}

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
    var remote = try file.settings.remote(name)
    guard let found = try await remote.identified(options, file.settings) else {
      throw PDBError(
        .unreachable, "no node of remote '\(name)' answers",
        hint: "its nodes are \(remote.places.joined(separator: ", "))")
    }
    if let before = remote.identity, !before.agrees(with: found) {
      if let file = remote.tokenFile, !options.quiet, !options.json {
        Console.writeError(
          "note: the token in '\(file)' goes to the cluster that '\(name)' names")
      }
      try await Session.confirm(
        "let '\(name)' stand for cluster \(found) instead of \(before)", options)
    }
    try RemoteFile.change { [remote] file in
      guard try file.settings.remote(name) == remote else {
        throw PDBError(
          .conflict, "remote '\(name)' was changed meanwhile", hint: "try again")
      }
      file.pin(name, to: found)
    }
    remote.identity = found
    if options.json { return Console.write(json: remote.json) }
    guard !options.quiet, Console.isTerminal(.output) else { return }
    Console.write("remote \(name) stands for cluster \(found.cluster) now")
  }
}

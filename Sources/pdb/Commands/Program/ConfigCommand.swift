// `pdb config`: the group.

import ArgumentParser
import PDBKit

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Read and change settings.",
    discussion: """
      Settings come from /etc/pdb/config, from your own file below ~/.config/pdb, from \
      .pdb/config in this folder, from PDB_ variables and from flags; the later ones win. A \
      folder's file cannot name programs or tokens.
      """,
    subcommands: [ConfigSet.self, ConfigGet.self, ConfigUnset.self, ConfigList.self])
}

/// Which file a change goes to.
struct ConfigTarget: ParsableArguments {
  @Flag(name: .long, help: "This folder's file, .pdb/config, instead of your own.")
  var folder = false

  @Flag(name: .long, help: "Your own file; this is the default.")
  var user = false

  func validate() throws {
    guard !folder || !user else {
      throw ValidationError("--folder and --user exclude each other")
    }
  }

  var path: String { (folder ? Settings.Scope.folder : .user).path! }

  func file() throws -> ConfigFile { try ConfigFile(path: path) }
}

extension ConfigCommand {
  /// A setting's name, in lower case.
  ///
  /// - Throws: `bad_request` for one that pdb does not know.
  static func key(_ name: String) throws -> String {
    // The name of a remote minds case.
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let key =
      parts.count == 3
      ? "\(parts[0].lowercased()).\(parts[1]).\(parts[2].lowercased())" : name.lowercased()
    if let error = Setting.unknown(key) { throw error }
    return key
  }

  /// A message is for programs; people see the exit code, as with git.
  static func nothingSet(_ name: String, _ options: GlobalOptions) -> any Error {
    options.json
      ? PDBError(.keyNotFound, "'\(name)' is not set")
      : ExitCode(ExitStatus.no.rawValue)
  }
}

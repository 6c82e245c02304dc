// `pdb use`

import ArgumentParser
import PDBKit

struct UseCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "use", abstract: "Choose the remote that commands mean.",
    discussion: """
      Without a name it prints the one in use, and exits with 1 if there is none. --db, --node, \
      PDB_DB, PDB_NODES and the nodes of a folder's own file come before it; 'pdb status' says which \
      place is meant and why.
      """)

  static let examples = [
    Example("pdb use lab", "Mean the cluster 'lab' from now on:"),
    Example("pdb use --none", "Mean the standard address again, 127.0.0.1:4000:"),
  ]

  @Argument(help: ArgumentHelp("The name.", valueName: "remote"))
  var name: String?

  @Flag(name: .long, help: "Use no remote.")
  var none = false

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard name == nil || !none else {
      throw ValidationError("a name and --none exclude each other")
    }
  }

  func run() async throws {
    guard name != nil || none else {
      return try show(Settings()[Setting.remote.rawValue]?.text)
    }
    try RemoteFile.change { file in
      if let name {
        _ = try file.settings.remote(name)
        file.use(name)
      } else {
        try Self.checkSystem(file.settings)
        file.useNone()
      }
    }
    let place = try Place.configured(Settings())
    if options.json {
      let used = place.reason == .use
      return Console.write(json: ["remote": JSON(name), "used": .bool(used)])
    }
    if Connection.shared != nil {
      if !options.quiet { Console.writeError("note: this shell stays where it is") }
    } else if let objection = Connection.objection(to: place) {
      if !options.quiet {
        Console.writeError("note: \(TerminalText(message: objection.message))")
      }
    } else if !options.quiet, Console.isTerminal(.output) {
      Console.write("commands mean \(place.name) now")
    }
    if name != nil, place.reason != .use, !options.quiet {
      let reason = TerminalText(message: place.explanation)
      Console.writeError("note: here another place comes first: \(place.name), \(reason)")
    }
  }

  /// - Throws: `bad_configuration` if another file than the user's own chooses a remote: then
  ///   there is always one.
  private static func checkSystem(_ settings: Settings) throws {
    let key = Setting.remote.rawValue
    let chosen = settings.values.last { $0.key == key && $0.scope == .system }
    guard let chosen else { return }
    throw PDBError(
      .badConfiguration, "'\(key)' in \(chosen.origin) chooses '\(chosen.text)' for all users",
      hint: "'pdb use NAME' chooses another one, 'pdb config unset \(key)' forgets your own choice")
  }

  private func show(_ used: String?) throws {
    if options.json { return Console.write(json: ["remote": JSON(used)]) }
    guard let used else { throw ExitCode(ExitStatus.no.rawValue) }
    Console.write(cell: used)
  }
}

// The options that every command takes, before or after the command's name.

import ArgumentParser
import Foundation
import PDBKit

struct GlobalOptions: ParsableArguments {
  @Option(
    name: .customLong("db"),
    help: ArgumentHelp(
      "The remote to talk to, addresses of nodes, or an etcd.", valueName: "remote"))
  var dbs: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("A node to talk to, for this command; may be repeated.", valueName: "addr"))
  var node: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("The folder that has the data; no server is needed.", valueName: "folder"))
  var dir: String?

  @Option(
    name: .customLong("timeout"),
    help: ArgumentHelp("How long a request may take (default: 10).", valueName: "seconds"))
  var wantedTimeout: Double?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The id of the change: sent again, it is made once all the same.", valueName: "id"))
  var requestID: String?

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  @Option(
    name: .long,
    help: ArgumentHelp("Print only these fields, tab-separated or as JSON.", valueName: "a,b"))
  var fields: String?

  @Flag(name: .long, help: "Read the node's own state, which may lag behind.")
  var stale = false

  @Flag(name: .long, help: "Answer questions with yes.")
  var yes = false

  @Flag(name: .shortAndLong, help: "Say nothing but data and errors.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Tell how the cluster was reached.")
  var verbose = false

  @Option(
    name: .long,
    help: ArgumentHelp("Colours: auto, always or never (default: auto).", valueName: "when"))
  var color: ColorChoice?

  @Option(
    name: .long, help: ArgumentHelp("A file with the token of the nodes.", valueName: "file"))
  var tokenFile: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The key that nodes of other machines must show ('pdb cluster cert --hash').",
      valueName: "hash"))
  var clusterKey: String?

  @Option(
    name: .customLong("tls-ca"),
    help: ArgumentHelp(
      "A file with the authorities that signed the nodes' certificates.", valueName: "file"))
  var tlsAuthorities: String?

  func validate() throws {
    if let wantedTimeout {
      guard wantedTimeout > 0, wantedTimeout <= 3600 else {
        throw ValidationError("--timeout must be more than 0 and at most 3600 seconds")
      }
    }
    guard dbs.count <= 1 else { throw ValidationError("--db can be given only once") }
    guard [db != nil, !node.isEmpty, dir != nil].count(where: { $0 }) <= 1 else {
      throw ValidationError("--db, --node and --dir exclude each other")
    }
    if fields?.split(separator: ",").isEmpty == true {
      throw ValidationError("--fields wants names, separated by commas")
    }
    if let color { ColorChoice.current = color }
  }

  var db: String? { dbs.first }

  /// Whether they say nothing that a line of a transaction could not do.
  var isSilent: Bool {
    !namesPlace && wantedTimeout == nil && requestID == nil && !json && fields == nil && !stale
      && tokenFile == nil && clusterKey == nil && tlsAuthorities == nil
  }

  /// For commands that a place says nothing to.
  ///
  /// - Parameter what: what they are about instead.
  func refusePlace(_ what: String) throws {
    guard !namesPlace else {
      throw ValidationError("--db, --node and --dir say nothing here: \(what)")
    }
  }

  /// Whether they say which place is meant.
  var namesPlace: Bool { db != nil || !node.isEmpty || dir != nil }

  /// For commands about one node: an address that is given means that node, in whatever cluster.
  func naming(_ address: String?) -> GlobalOptions {
    guard let address, !namesPlace else { return self }
    var options = self
    options.node = [address]
    return options
  }

  /// How many seconds a request may take.
  func timeout(_ settings: Settings) throws -> Double {
    try wantedTimeout ?? settings.text(.timeout).flatMap(Double.init) ?? 10
  }

  private static let takesValue: Set = [
    "--db", "--node", "--dir", "--timeout", "--at", "--request-id", "--color", "--token-file",
    "--fields", "--cluster-key",
    "--tls-ca",
  ]

  /// The options before a program's name, with their values, and what comes after them.
  private static func split(
    _ arguments: [String]
  ) -> (options: ArraySlice<String>, rest: ArraySlice<String>) {
    var rest = arguments[...]
    while let word = rest.first, word.hasPrefix("-") {
      rest = rest.dropFirst(takesValue.contains(word) ? 2 : 1)
    }
    return (arguments[..<rest.startIndex], rest)
  }

  /// Takes the options before a program's name away, and adds what they say to its environment:
  /// they are pdb's, those behind the name are the program's. What no variable can say is handed on.
  static func movedToEnvironment(
    _ arguments: [String], _ environment: inout [String: String]
  ) -> [String] {
    var (options, rest) = split(arguments)
    var (name, nodes, folder, others) = ("", [String](), "", [String]())
    while let word = options.popFirst() {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard takesValue.contains(parts[0]) else {
        others.append(word)
        continue
      }
      let value = parts.count == 2 ? parts[1] : options.popFirst() ?? ""
      switch parts[0] {
      case "--db": name = value
      case "--node": nodes.append(value)
      case "--dir": folder = value
      case "--timeout": environment[Setting.timeout.variable] = value
      case "--color": environment[Setting.color.variable] = value
      case "--token-file": environment[Setting.tokenFile.variable] = value
      case "--cluster-key": environment[Setting.clusterKey.variable] = value
      case "--tls-ca": environment[Setting.tlsAuthorities.variable] = value
      default: others += [parts[0], value]
      }
    }
    if !name.isEmpty || !nodes.isEmpty || !folder.isEmpty {
      environment["PDB_DB"] = name
      environment["PDB_NODES"] = nodes.joined(separator: ",")
      environment[Place.folderVariable] = folder
    }
    rest += others
    return Array(rest)
  }

  /// Refuses a place before a program's name as a command would.
  ///
  /// - Throws: what a command with these options would.
  static func checkPlace(_ arguments: [String], _ settings: Settings) throws {
    let words = Array(split(arguments).options)
    let options: GlobalOptions
    do { options = try parse(words) } catch { throw UsageFailure(error, words) ?? error }
    if options.namesPlace { _ = try Place(options, settings) }
  }

  /// Moves the options before the command's name behind it, where the parser wants them.
  static func movedBehindCommand(_ arguments: [String]) -> [String] {
    let isFlag: Set = ["--json", "--stale", "--yes", "-q", "--quiet", "-v", "--verbose"]
    var rest = arguments[...]
    var words: [String] = []
    var moved: [String] = []
    // The name of a command is at most two words, a group and its command.
    while words.count < 2, let first = rest.first {
      if takesValue.contains(first), rest.count >= 2 {
        moved += rest.prefix(2)
        rest = rest.dropFirst(2)
      } else if isFlag.contains(first)
        || takesValue.contains(where: { first.hasPrefix($0 + "=") })
      {
        moved.append(first)
        rest = rest.dropFirst()
      } else if first.hasPrefix("-") {
        break
      } else {
        words.append(first)
        rest = rest.dropFirst()
      }
    }
    // Behind the name of the command, but before its own `--`.
    let end = rest.firstIndex(of: "--") ?? rest.endIndex
    return words + Array(rest[..<end]) + moved + Array(rest[end...])
  }
}

extension ColorChoice: ExpressibleByArgument {}

// `pdb-chaos`: runs a cluster of real nodes, torments it, and checks every answer it gave.

import ArgumentParser
import Foundation

@main
struct PDBChaos: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pdb-chaos",
    abstract: "Torment a cluster of real nodes and check every answer.",
    discussion: """
      Needs root and Linux: every node gets a network namespace and a small disk of its own. \
      Without root: sudo, a virtual machine, or a privileged container. Everything is removed \
      at the end, also after Ctrl-C; what a killed run left is removed by the next one.

      Ends with 0 if all checks passed, and with 1 if there was a violation; then the history, \
      the logs and the nodes' files are kept, and the folder is named.
      """)

  @Option(name: .long, help: "The pdb to torment.")
  var program = ".build/release/pdb"

  @Option(name: .long, help: "For how long; the round that is under way is finished.")
  var seconds = 60

  @Option(name: .long, help: "How many nodes, 3 or 5.")
  var nodes = 3

  @Option(name: .long, help: "The same number draws the same faults; else it is drawn.")
  var seed: UInt64?

  @Option(name: .long, help: ArgumentHelp("Only these faults.", valueName: "kind,kind,..."))
  var only: String?

  @Option(name: .long, help: ArgumentHelp("Not these faults.", valueName: "kind,kind,..."))
  var without: String?

  @Option(name: .long, help: "The size of each node's disk, in megabytes.")
  var disk = 256

  @Option(
    name: .long,
    help: "How many changes a node's log keeps; few make nodes that were away get whole copies.")
  var logEntries = 300

  @Option(
    name: .long,
    help: ArgumentHelp("More words for 'pdb node start', with blanks between.", valueName: "words"))
  var nodeArguments = ""

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Let this etcd keep the data, with a member beside each node; faults hit both.",
      valueName: "program"))
  var etcd: String?

  @Flag(name: .long, help: "Keep histories, logs and data in any case.")
  var keep = false

  @Flag(name: .shortAndLong, help: "Tell when each fault begins and ends.")
  var verbose = false

  @Flag(name: .long, help: "List the kinds of faults.")
  var listFaults = false

  @Option(name: .long, help: .hidden)
  var sabotage: String?

  func validate() throws {
    guard nodes == 3 || nodes == 5 else { throw ValidationError("--nodes is 3 or 5") }
    guard seconds > 0 else { throw ValidationError("--seconds must be more than 0") }
    guard disk >= 16 else { throw ValidationError("--disk must be at least 16") }
    if let sabotage, Sabotage(rawValue: sabotage) == nil {
      throw ValidationError(
        "--sabotage is one of "
          + Sabotage.allCases.map(\.rawValue).joined(separator: ", "))
    }
    _ = try kinds()
  }

  func run() async throws {
    if listFaults {
      for kind in FaultKind.allCases { say(kind.rawValue) }
      return
    }
    let settings = Settings(
      program: URL(fileURLWithPath: program).path, seconds: seconds, nodeCount: nodes,
      seed: seed ?? .random(in: 1...999_999), kinds: try kinds(),
      sabotage: sabotage.flatMap(Sabotage.init), keepsFiles: keep, isVerbose: verbose,
      diskMegabytes: disk, logEntries: logEntries,
      nodeArguments: nodeArguments.split(separator: " ").map(String.init), etcd: etcd)
    do {
      guard try await ChaosRun(settings: settings).run() else { throw ExitCode(1) }
    } catch is ChaosRun.Interrupted {
      say("interrupted")
      // As if the signal had ended the process (128 + SIGINT).
      throw ExitCode(130)
    } catch let error as Installation.Impossible {
      throw ValidationError(error.description)
    }
  }

  private func kinds() throws -> [FaultKind] {
    let wanted = try only.map(Self.parse) ?? FaultKind.allCases
    let unwanted = try without.map(Self.parse) ?? []
    let kinds = wanted.filter { kind in
      !unwanted.contains(kind) && (etcd == nil || kind.isForeignToFiles)
    }
    guard !kinds.isEmpty else { throw ValidationError("no faults are left") }
    return kinds
  }

  private static func parse(_ list: String) throws -> [FaultKind] {
    try list.split(separator: ",").map { name in
      guard let kind = FaultKind(rawValue: String(name)) else {
        throw ValidationError("there is no fault '\(name)'; --list-faults lists them")
      }
      return kind
    }
  }
}

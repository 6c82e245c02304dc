// `pdb restore`

import ArgumentParser
import Foundation
import PDBKit

struct RestoreCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Make the files of a new node from a backup.",
    discussion: """
      The node is a new cluster; others join it. For a cluster of several at once, restore the \
      same backup for each first member with the same --cluster list, then start them.
      """)

  static let examples = [
    Example("pdb restore pdb.backup --data-dir restored --port 4000", "Make a node of a backup:")
  ]

  @Argument(help: "The backup.")
  var file: String

  @Option(name: .long, help: ArgumentHelp("The folder for the node's files.", valueName: "dir"))
  var dataDir: String = ".pdb"

  @Option(name: .long, help: "The port that the node will listen on.")
  var port: Int = 4000

  @Option(name: .long, help: "The address that the node will listen on.")
  var host: String = "127.0.0.1"

  @Option(
    name: .long,
    help: ArgumentHelp("All first members, this node included.", valueName: "addr,addr,..."))
  var cluster: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    umask(0o077)
    let restore = Restore(
      file: file, dataDirectory: dataDir,
      address: try NodeAddress(parsing: "\(host.contains(":") ? "[\(host)]" : host):\(port)"),
      cluster: try cluster.map(Setting.addresses), stateFolder: UserEnvironment.stateFolder)
    let result = try await BlockingCall.run { _ in try restore.run() }
    if options.json {
      Console.write(json: [
        "status": "restored", "cluster": .string(result.cluster),
        "revision": JSON(result.revision), "time": .string(result.time),
      ])
    } else if Console.isTerminal(.output) && !options.quiet {
      Console.write(
        """
        restored revision \(result.revision) of \(LocalTime.text(result.time))
        start it:  pdb node start --port \(port) --data-dir \(dataDir)
        """)
    }
  }
}

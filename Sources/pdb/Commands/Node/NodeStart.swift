// `pdb node start`

public import ArgumentParser
import Foundation
public import Logging
import PDBKit

struct NodeStart: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Start a node and keep it running.",
    discussion: """
      Without --cluster a new node is a cluster of one. To make a cluster of several, start \
      each first member with the same --cluster list; afterwards 'pdb node start --port PORT' \
      is enough, because the members are kept with the data.
      """)

  @Option(name: .long, help: "The port to listen on.")
  var port: Int = 4000

  @Option(name: .long, help: "The address to listen on.")
  var host: String = "127.0.0.1"

  @Option(
    name: .long, help: ArgumentHelp("The folder of the node's files.", valueName: "dir"))
  var dataDir: String = ".pdb"

  @Option(
    name: .long,
    help: ArgumentHelp("All first members, this node included.", valueName: "addr,addr,..."))
  var cluster: String?

  @Option(
    name: .long, help: ArgumentHelp("A file with a token that clients need.", valueName: "file"))
  var tokenFile: String?

  @Flag(name: .long, help: "Listen beyond this machine without any protection.")
  var insecure = false

  @Option(name: .long, help: ArgumentHelp("Time between heartbeats.", valueName: "ms"))
  var heartbeatMs: Int = 60

  @Option(
    name: .long, help: ArgumentHelp("How long a leader may be silent.", valueName: "ms"))
  var electionMs: Int = 600

  @Option(name: .long, help: "text or json.")
  var logFormat: NodeLogHandler.Format = .text

  @Option(name: .long, help: "debug, info, notice, warning or error.")
  var logLevel: Logger.Level = .info

  func run() async throws {
    // The data is nobody else's business.
    umask(0o077)
    let address = try NodeAddress(parsing: "\(host.contains(":") ? "[\(host)]" : host):\(port)")
    var configuration = NodeConfiguration(address: address, dataDirectory: dataDir)
    configuration.cluster = try cluster.map { list in
      try list.split(separator: ",").map { try NodeAddress(parsing: String($0)) }
    }
    configuration.token = try tokenFile.map(TokenFile.read)
    configuration.isInsecure = insecure
    configuration.heartbeatMilliseconds = heartbeatMs
    configuration.electionMilliseconds = electionMs
    let handler = NodeLogHandler(node: String(port), format: logFormat, level: logLevel)
    let logger = Logger(label: "pdb") { _ in handler }
    try await PDBNode(configuration, logger: logger).run {
      logger.notice("listening on \(address.url)")
    }
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

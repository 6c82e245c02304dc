// `pdb node start`

import ArgumentParser
import Foundation
import Logging
import PDBKit
import ServiceLifecycle
import UnixSignals

struct NodeStart: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Start a node and keep it running.",
    discussion: """
      Without --cluster a new node is a cluster of one, in a folder without other nodes. To make a cluster of several, start \
      each first member with the same --cluster list; afterwards 'pdb node start --port PORT' \
      is enough, because the members are kept with the data.

      With --db the data are in an etcd, and the node serves them over HTTP; any number of such nodes may stand \
      in front of it.
      """)

  static let examples = [
    Example("pdb node start --port 4000", "Start a node; its data are in .pdb:"),
    Example(
      "pdb node start --db etcd://10.0.0.1:2379/pdb/main",
      "Serve what is below a prefix of an etcd:"),
  ]

  @Option(name: .long, help: "The port to listen on.")
  var port: Int = 4000

  @Option(name: .long, help: "The address to listen on.")
  var host: String = "127.0.0.1"

  @Option(
    name: .long, help: ArgumentHelp("The folder of the node's files.", valueName: "dir"))
  var dataDir: String = ".pdb"

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The etcd that has the data, as etcd://HOST:PORT/PREFIX.", valueName: "address"))
  var db: String?

  @Option(
    name: .long,
    help: ArgumentHelp("All first members, this node included.", valueName: "addr,addr,..."))
  var cluster: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Join the cluster of this node, or by what 'pdb cluster invite' printed.",
      valueName: "addr|invitation"))
  var join: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Where others reach this node, if not where it listens.", valueName: "addr"))
  var advertise: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A file with a secret that all nodes share and prove to each other.", valueName: "file"))
  var clusterSecretFile: String?

  @Option(
    name: .long, help: ArgumentHelp("A file with a token that clients need.", valueName: "file"))
  var tokenFile: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A certificate with its chain, in PEM, to show to clients; read again when it changes.",
      valueName: "file"))
  var tlsCert: String?

  @Option(
    name: .long, help: ArgumentHelp("The key of that certificate, in PEM.", valueName: "file"))
  var tlsKey: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The authorities that signed such certificates of the other nodes, in PEM.",
      valueName: "file"))
  var tlsCa: String?

  @Flag(
    name: .long, help: "Serve other machines without TLS, and without a token if there is none.")
  var insecure = false

  @Option(name: .long, help: ArgumentHelp("Time between heartbeats.", valueName: "ms"))
  var heartbeatMs: Int = 60

  @Option(
    name: .long, help: ArgumentHelp("How long a leader may be silent.", valueName: "ms"))
  var electionMs: Int = 600

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Changes kept for members that were away; one that missed more gets a whole copy.",
      valueName: "count"))
  var logEntries: Int = Limits.logEntries

  @Option(name: .long, help: "text or json.")
  var logFormat: NodeLogHandler.Format = .text

  @Option(name: .long, help: "debug, info, notice, warning or error.")
  var logLevel: LogLevel = .info

  /// The levels that a node writes; those below one's own are left out.
  enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug, info, notice, warning, error

    var level: Logger.Level {
      switch self {
      case .debug: .debug
      case .info: .info
      case .notice: .notice
      case .warning: .warning
      case .error: .error
      }
    }
  }

  private var certificate: (certificate: String, key: String)? {
    get throws {
      guard let tlsCert, let tlsKey else {
        guard tlsCert == nil, tlsKey == nil else {
          throw ValidationError("--tls-cert and --tls-key belong together")
        }
        return nil
      }
      return (tlsCert, tlsKey)
    }
  }

  func run() async throws {
    // The data is for its owner only.
    umask(0o077)
    let address = try NodeAddress(parsing: "\(host.contains(":") ? "[\(host)]" : host):\(port)")
    var configuration = NodeConfiguration(address: address, dataDirectory: dataDir)
    configuration.cluster = try cluster.map(Setting.addresses)
    if let join {
      if Invitation.isMeant(by: join) {
        configuration.invitation = try Invitation(parsing: join)
      } else {
        configuration.join = try NodeAddress(parsing: join)
      }
    }
    configuration.advertised = try advertise.map(NodeAddress.init(parsing:))
    configuration.token = try tokenFile.map { try SecretFile.read($0, "token") }
    configuration.clusterSecret = try clusterSecretFile.map {
      try SecretFile.read($0, "cluster secret")
    }
    configuration.stateFolder = UserEnvironment.stateFolder
    configuration.tlsCertificate = try certificate
    configuration.tlsAuthorities = tlsCa
    configuration.isInsecure = insecure
    configuration.heartbeatMilliseconds = heartbeatMs
    configuration.electionMilliseconds = electionMs
    configuration.logEntries = logEntries
    configuration.sharedOptions = sharedOptions
    configuration.faults = LabOrders.faults()
    let handler = NodeLogHandler(node: String(port), format: logFormat, level: logLevel.level)
    let logger = Logger(label: "pdb") { _ in handler }
    let node = try await PDBNode(configuration, as: try kind, logger: logger) {
      let url = NodeAddress.url(of: address, isInsecure: insecure)
      if insecure, !address.isLoopback {
        logger.warning("listening on \(url), without TLS: others can read and change what is sent")
      } else {
        logger.notice("listening on \(url)")
      }
    }
    var quiet = Logger(label: "pdb.lifecycle")
    quiet.logLevel = .error
    let service = ServiceGroupConfiguration.ServiceConfiguration(
      service: node, successTerminationBehavior: .gracefullyShutdownGroup)
    do {
      try await ServiceGroup(
        configuration: .init(
          services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
      ).run()
    } catch let error as PDBError where error.mendsAtStart {
      logger.error("starting again to mend the state", metadata: ["reason": "\(error.message)"])
      Self.startAgain()
      throw error
    }
  }

  private var kind: PDBNode.Kind {
    get throws {
      guard let db else { return .member }
      guard cluster == nil, join == nil else {
        throw ValidationError(
          "a node in front of etcd is no member: leave out --cluster and --join")
      }
      return .front(try EtcdAddress(parsing: db), try EtcdAccess(Settings()))
    }
  }

  /// Runs the program anew in this process, with the same words; returns only if that cannot be done.
  private static func startAgain() {
    // Connections that stayed open would keep peers from making new ones. What the process was given by
    // the one that started it stays.
    for descriptor in 3..<Int32(clamping: sysconf(Int32(_SC_OPEN_MAX))) {
      var address = sockaddr()
      var length = socklen_t(MemoryLayout<sockaddr>.size)
      guard getsockname(descriptor, &address, &length) == 0,
        [AF_INET, AF_INET6].contains(Int32(address.sa_family))
      else { continue }
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
    let words = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", words)
    execvp(words[0]!, words)
  }

  /// What the other nodes of this machine need too.
  private var sharedOptions: [String] {
    var words = host == "127.0.0.1" ? [] : ["--host", host]
    for (name, file) in [
      ("--token-file", tokenFile), ("--cluster-secret-file", clusterSecretFile),
      ("--tls-cert", tlsCert), ("--tls-key", tlsKey), ("--tls-ca", tlsCa),
    ] {
      if let file { words += [name, URL(fileURLWithPath: file).standardizedFileURL.path] }
    }
    return words
  }
}

// One node: its place in the network, its disk, its process.

import Foundation

/// What is fixed about a node.
struct NodePlace: Sendable {
  let index: Int
  let namespace: String
  let address: String
  let disk: Disk
  let control: DiskAndClockControl
  let log: String

  /// The files of the node, as pdb names them.
  var logFiles: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: disk.data)) ?? []
    return names.filter { name in
      name.hasPrefix(Self.logPrefix) && Int(name.dropFirst(Self.logPrefix.count)) != nil
    }.sorted().map { "\(disk.data)/\($0)" }
  }
  var logEndFile: String { "\(disk.data)/\(Self.logPrefix)end" }
  var stateFile: String { "\(disk.data)/node_4000.db" }

  static let port = 4000
  private static let logPrefix = "node_4000.log-"
}

/// The etcd that nodes stand in front of: a member runs beside each of them.
struct EtcdMembers: Sendable {
  let program: String
  /// The hosts of the nodes, in their order.
  let hosts: [String]

  /// Where the data are, as `pdb` takes it.
  var database: String {
    "etcd://\(hosts.map { "\($0):2379" }.joined(separator: ","))/\(Self.prefix)"
  }

  static let prefix = "pdb/chaos"

  func line(_ index: Int, data: String) -> [String] {
    let (client, peer) = ("http://\(hosts[index]):2379", "http://\(hosts[index]):2380")
    let all = hosts.enumerated().map { "m\($0)=http://\($1):2380" }.joined(separator: ",")
    return [
      program, "--name", "m\(index)", "--data-dir", "\(data)/etcd", "--initial-cluster", all,
      "--listen-client-urls", client, "--advertise-client-urls", client,
      "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--logger", "zap",
      "--log-level", "error",
    ]
  }
}

/// A node that can be started and ended any number of times.
actor Node {
  nonisolated let place: NodePlace
  private let program: Program
  private let arguments: [String]
  private let firstMembers: [String]
  private let environment: [String: String]
  private let ended: @Sendable (ProcessEnd) -> Void
  private let etcd: EtcdMembers?
  private var process: NodeProcess?
  /// The member of etcd beside the node.
  private var member: NodeProcess?
  private var paused: [NodeProcess] = []
  private var isPaused = false
  /// A node whose data is gone must never again come as the first member it once was: it could
  /// vote a second time, and deny what it has acknowledged.
  private var hasBeenWiped = false
  private var startedAt: ContinuousClock.Instant?

  /// - Parameters:
  ///   - arguments: what every start takes: secrets.
  ///   - firstMembers: the addresses the cluster begins with.
  init(
    _ place: NodePlace, program: Program, arguments: [String], firstMembers: [String],
    environment: [String: String], etcd: EtcdMembers?,
    ended: @escaping @Sendable (ProcessEnd) -> Void
  ) {
    self.place = place
    self.etcd = etcd
    self.program = program
    self.arguments = arguments
    self.firstMembers = firstMembers
    self.environment = environment
    self.ended = ended
  }

  var isRunning: Bool { Self.runs(process) && (etcd == nil || Self.runs(member)) }

  private static func runs(_ process: NodeProcess?) -> Bool {
    process?.end == nil && process != nil
  }

  /// Those that a fault hits: where there are two, both or one of them.
  private var victims: [NodeProcess] {
    let all = [process, member].compactMap { $0 }.filter { $0.end == nil }
    return all.count < 2 || Bool.random() ? all : [all.randomElement()!]
  }

  var lastEnd: ProcessEnd? { process?.end }

  /// Whether the last start is so long ago that another one is not a busy loop.
  var isRested: Bool {
    startedAt.map { ContinuousClock.now - $0 > .milliseconds(400) } ?? true
  }

  /// Starts the node, with its data if it has any; else as one of the first members, or, if it
  /// was one before, as a new member that joins through one of the others.
  func start() throws {
    startedAt = .now
    resume()
    try startMember()
    guard !Self.runs(process) else { return }
    var line = [program.path, "node", "start"]
    line += ["--host", String(place.address.prefix { $0 != ":" })]
    line += ["--port", String(NodePlace.port), "--data-dir", place.disk.data] + arguments
    if let etcd {
      line += ["--db", etcd.database]
    } else if hasBeenWiped {
      let others = firstMembers.filter { $0 != place.address }
      line += ["--join", others.randomElement()!]
    } else if place.logFiles.isEmpty {
      line += ["--cluster", firstMembers.joined(separator: ",")]
    }
    process = try run(line)
  }

  /// Starts the member of etcd, if there is to be one.
  func startMember() throws {
    guard let etcd, !Self.runs(member) else { return }
    member = try run(etcd.line(place.index, data: place.disk.data))
  }

  private func run(_ line: [String]) throws -> NodeProcess {
    try NodeProcess(
      node: place.index, line: ["nsenter", "--net=/run/netns/\(place.namespace)"] + line,
      environment: environment, log: place.log, ended: ended)
  }

  /// - Returns: whether the node had to be killed although asked politely. A member of etcd that was cut off
  ///   takes its time, and that is not ours.
  @discardableResult
  func finish(_ signal: Int32) async -> Bool {
    // What is ended may be only one of the two that were stopped.
    resume()
    var wasImpolite = false
    for victim in victims {
      let hadToBeKilled = await victim.finish(signal)
      if victim === process { wasImpolite = hadToBeKilled }
    }
    return wasImpolite
  }

  /// Ends all that runs.
  func finishAll() async {
    for process in [process, member].compactMap({ $0 }) { await process.finish(SIGKILL) }
  }

  /// Removes all that the node has kept. It must not be a member any more, and not run.
  func wipe() throws {
    hasBeenWiped = true
    try place.disk.wipe()
  }

  func pause(_ wanted: Bool) {
    guard wanted else { return resume() }
    guard !isPaused, isRunning else { return }
    isPaused = true
    paused = victims
    for process in paused { process.send(SIGSTOP) }
  }

  private func resume() {
    isPaused = false
    for process in paused { process.send(SIGCONT) }
    paused = []
  }
}

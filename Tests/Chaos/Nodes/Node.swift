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

/// A node that can be started and ended any number of times.
actor Node {
  nonisolated let place: NodePlace
  private let program: Program
  private let arguments: [String]
  private let firstMembers: [String]
  private let environment: [String: String]
  private let ended: @Sendable (ProcessEnd) -> Void
  private var process: NodeProcess?
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
    environment: [String: String], ended: @escaping @Sendable (ProcessEnd) -> Void
  ) {
    self.place = place
    self.program = program
    self.arguments = arguments
    self.firstMembers = firstMembers
    self.environment = environment
    self.ended = ended
  }

  var isRunning: Bool { process.map { $0.end == nil } ?? false }

  var lastEnd: ProcessEnd? { process?.end }

  /// Whether the last start is so long ago that another one is not a busy loop.
  var isRested: Bool {
    startedAt.map { ContinuousClock.now - $0 > .milliseconds(400) } ?? true
  }

  /// Starts the node, with its data if it has any; else as one of the first members, or, if it
  /// was one before, as a new member that joins through one of the others.
  func start() throws {
    startedAt = .now
    isPaused = false
    var line = ["nsenter", "--net=/run/netns/\(place.namespace)", program.path, "node", "start"]
    line += ["--host", String(place.address.prefix { $0 != ":" })]
    line += ["--port", String(NodePlace.port), "--data-dir", place.disk.data] + arguments
    if hasBeenWiped {
      let others = firstMembers.filter { $0 != place.address }
      line += ["--join", others.randomElement()!]
    } else if place.logFiles.isEmpty {
      line += ["--cluster", firstMembers.joined(separator: ",")]
    }
    process = try NodeProcess(
      node: place.index, line: line, environment: environment, log: place.log, ended: ended)
  }

  @discardableResult
  func finish(_ signal: Int32) async -> Bool {
    isPaused = false
    return await process?.finish(signal) ?? false
  }

  /// Removes all that the node has kept. It must not be a member any more, and not run.
  func wipe() throws {
    hasBeenWiped = true
    try place.disk.wipe()
  }

  func pause(_ wanted: Bool) {
    guard wanted != isPaused, isRunning else { return }
    isPaused = wanted
    process?.send(wanted ? SIGSTOP : SIGCONT)
  }
}

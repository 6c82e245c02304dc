// The processes of a lab.

import Foundation
import NIOConcurrencyHelpers
import PDBKit
import Synchronization

/// A cluster whose nodes are child processes of this one.
final class Lab: Sendable {
  private struct Node {
    let address: NodeAddress
    let process: Process
  }

  private let addresses: [NodeAddress]
  private let dataDirectory: String
  private let program: URL
  private let nodes = NIOLockedValueBox<[Node]>([])
  private let ends: AsyncStream<NodeAddress>
  private let isStopping = Atomic(false)

  /// Starts the nodes.
  ///
  /// - Throws: `port_in_use` before anything is created, if one of the ports is taken.
  init(_ addresses: [NodeAddress], dataDirectory: String) async throws {
    self.addresses = addresses
    self.dataDirectory = dataDirectory
    try await PDBNode.checkPorts(of: addresses)
    let (ends, ended) = AsyncStream.makeStream(of: NodeAddress.self)
    self.ends = ends
    guard let program = Bundle.main.executableURL else {
      throw PDBError(.internal, "cannot find the program's own file")
    }
    self.program = program
    let list = addresses.map(\.description).joined(separator: ",")
    for address in addresses {
      let process = Process()
      process.executableURL = program
      process.arguments = [
        "node", "start", "--port", String(address.port), "--data-dir", dataDirectory,
      ]
      if addresses.count > 1 { process.arguments! += ["--cluster", list] }
      process.standardInput = FileHandle.nullDevice
      process.terminationHandler = { _ in ended.yield(address) }
      try process.run()
      Self.endAtExit(process.processIdentifier)
      nodes.withLockedValue { $0.append(Node(address: address, process: process)) }
    }
  }

  private static let running = NIOLockedValueBox<[pid_t]>([])

  /// No node outlives its lab, however that ends by itself: whoever reads its output may have gone.
  private static func endAtExit(_ node: pid_t) {
    let isFirst = running.withLockedValue { running in
      running.append(node)
      return running.count == 1
    }
    guard isFirst else { return }
    atexit { for node in Lab.running.withLockedValue({ $0 }) { kill(node, SIGTERM) } }
  }

  /// Returns when no node runs any more.
  func waitForEnd() async throws {
    var running = addresses.count
    for await address in ends {
      if isStopping.load(ordering: .relaxed) { return }
      running -= 1
      if running == 0 {
        throw PDBError(
          .badConfiguration, "all nodes have ended",
          hint: "their messages above say why")
      }
      Console.writeError(
        """
        node \(address.port) has ended; start it again in another terminal:  \
        \(NodeProcess.restart(address.port, in: dataDirectory))
        """)
    }
  }

  /// Returns true when a node answers that it knows a leader, false when cancelled.
  func waitForLeader() async -> Bool {
    let client = ClusterClient(addresses: addresses, timeout: .seconds(1))
    var isReady = false
    while !isReady && !Task.isCancelled {
      for address in addresses where !isReady {
        isReady = await RemoteNode(address, client, within: .milliseconds(500)).isReady()
      }
      if !isReady { try? await Task.sleep(for: .milliseconds(50)) }
    }
    await client.shutdown()
    return isReady
  }

  /// How the shell finds this program, if it does not yet.
  private var pathHint: TerminalText {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let own = program.resolvingSymlinksInPath().path
    let found = path.split(separator: ":").map { "\($0)/pdb" }.first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
    if let found, URL(fileURLWithPath: found).resolvingSymlinksInPath().path == own { return "" }
    return "\n  export PATH=\"\(program.deletingLastPathComponent().path):$PATH\""
  }

  /// What to type before the commands, so that they mean this cluster and no other.
  private var placeHint: TerminalText {
    let list = addresses.map(\.description).joined(separator: ",")
    let configured = try? Place.configured(Settings())
    let isPlain = configured?.isStandard == true && addresses[0] == Place.standardAddress
    if isPlain { return "" }
    let environment = ProcessInfo.processInfo.environment
    let others = ["PDB_DB", "PDB_CLUSTER"].filter { environment[$0]?.isEmpty == false }
    let unset: TerminalText = others.isEmpty ? "" : "\n  unset \(others.joined(separator: " "))"
    return "\(unset)\n  export PDB_NODES=\(list)"
  }

  /// Where to look and what to type.
  func welcome() {
    let first = addresses[0]
    let urls = addresses.map(\.url).joined(separator: "  ")
    let head: TerminalText =
      addresses.count == 1
      ? "A cluster of 1 node is up: \(urls)"
      : "A cluster of \(addresses.count) nodes is up: \(urls)"
    Console.write(
      """

      \(head)
      In another terminal, try:
      \(pathHint)\(placeHint)
        pdb task add "Học Python"
        pdb task ls
        pdb cluster status
        curl \(first.url)/tasks

      Kill any node and watch the others go on. Ctrl-C stops the cluster.

      """)
  }

  /// Asks all nodes to stop, and waits until they have.
  func stop() async {
    isStopping.store(true, ordering: .relaxed)
    let processes = nodes.withLockedValue { $0.map(\.process) }
    for process in processes where process.isRunning { process.terminate() }
    await BlockingCall.run { _ in
      for process in processes { process.waitUntilExit() }
    }
    Self.running.withLockedValue { $0 = [] }
  }
}

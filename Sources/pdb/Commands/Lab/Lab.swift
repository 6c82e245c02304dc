// The nodes of a lab: which run, and what is broken between and in them.

import Foundation
import NIOConcurrencyHelpers
import PDBKit
import Synchronization

/// A cluster whose nodes are child processes of this one.
final class Lab: Sendable {
  private struct Node {
    let address: NodeAddress
    var process: LabProcess
    var faults = NodeFaults.State()
    /// Whether it is being started, or stopped for a moment.
    var isStarting = false
    /// What was turned over in its log and stands there still.
    var flip: BitFlip?
  }

  let addresses: [NodeAddress]
  let dataDirectory: String
  let program: URL
  private let nodes = NIOLockedValueBox<[Node]>([])
  private let ends: AsyncStream<NodeAddress>
  private let ended: AsyncStream<NodeAddress>.Continuation
  private let isStopping = Atomic(false)
  /// Whether a leader was known once.
  private let isReady = Atomic(false)

  /// Starts the nodes.
  ///
  /// - Throws: `port_in_use` before anything is created, if one of the ports is taken.
  init(_ addresses: [NodeAddress], dataDirectory: String) async throws {
    self.addresses = addresses
    self.dataDirectory = dataDirectory
    try await PDBNode.checkPorts(of: addresses)
    (ends, ended) = AsyncStream.makeStream(of: NodeAddress.self)
    guard let program = Bundle.main.executableURL else {
      throw PDBError(.internal, "cannot find the program's own file")
    }
    self.program = program
    for address in addresses {
      let process = try launch(address, NodeFaults.State())
      nodes.withLockedValue { $0.append(Node(address: address, process: process)) }
    }
  }

  private func launch(_ address: NodeAddress, _ faults: NodeFaults.State) throws -> LabProcess {
    var arguments = ["node", "start", "--port", String(address.port), "--data-dir", dataDirectory]
    if addresses.count > 1 {
      arguments += ["--cluster", addresses.map(\.description).joined(separator: ",")]
    }
    return try LabProcess(program, arguments, faults) { [ended] in ended.yield(address) }
  }

  /// Tells the nodes again and again what is broken in them: one that has started itself anew, to mend its
  /// files, has forgotten it.
  func remind() async throws {
    while true {
      try await Task.sleep(for: .seconds(1))
      for node in nodes.withLockedValue({ $0 }) where node.process.isRunning {
        node.process.tell(node.faults)
      }
    }
  }

  /// Tells of nodes that end.
  ///
  /// - Throws: if all have ended before a leader was known: they could not start.
  func waitForEnd() async throws {
    for await address in ends {
      if isStopping.load(ordering: .relaxed) { return }
      let runs = nodes.withLockedValue { $0.contains(where: \.process.isRunning) }
      guard runs || isReady.load(ordering: .relaxed) else {
        throw PDBError(
          .badConfiguration, "all nodes have ended",
          hint: "their messages above say why")
      }
      Console.writeError(
        """
        node \(address.port) has ended; start it again in another terminal:  \
        \(LabNode.words("start", address.port, in: dataDirectory))
        """)
    }
  }

  /// Returns true when a node answers that it knows a leader, false when cancelled.
  func waitForLeader() async -> Bool {
    let client = ClusterClient(addresses: addresses, timeout: .seconds(1))
    while !isReady.load(ordering: .relaxed) && !Task.isCancelled {
      for address in addresses {
        let node = RemoteNode(address, client, within: .milliseconds(500))
        if await node.isReady() { isReady.store(true, ordering: .relaxed) }
      }
      if !isReady.load(ordering: .relaxed) { try? await Task.sleep(for: .milliseconds(50)) }
    }
    await client.shutdown()
    return isReady.load(ordering: .relaxed)
  }

  /// Asks all nodes to stop, and waits until they have.
  func stop() async {
    isStopping.store(true, ordering: .relaxed)
    let processes = nodes.withLockedValue { $0.map(\.process) }
    await withTaskGroup(of: Void.self) { group in
      for process in processes { group.addTask { await process.stop() } }
    }
  }

  // MARK: Breaking and mending

  /// The place of a node that is named by its port, or by its place counted from 1.
  private func position(_ name: Int) throws -> Int {
    if let place = addresses.firstIndex(where: { $0.port == name }) { return place }
    guard (1...addresses.count).contains(name) else {
      throw PDBError(
        .badRequest, "the lab has no node \(name)",
        hint: "name one by its place, 1 to \(addresses.count), or by its port")
    }
    return name - 1
  }

  /// Changes what is broken in a node, and tells it.
  private func change(_ position: Int, _ body: (inout NodeFaults.State) -> Void) {
    nodes.withLockedValue { nodes in
      body(&nodes[position].faults)
      if nodes[position].process.isRunning { nodes[position].process.tell(nodes[position].faults) }
    }
  }

  func signal(_ name: Int, _ number: Int32) throws {
    let position = try position(name)
    let process = nodes.withLockedValue { $0[position].process }
    guard process.isRunning else { throw doesNotRun(position) }
    process.signal(number)
  }

  func start(_ name: Int) async throws {
    let position = try position(name)
    try await whileStarting(position) { node in
      guard !node.process.isRunning else {
        throw PDBError(.badRequest, "node \(node.address.port) runs")
      }
      try await restart(position)
    }
  }

  /// Does what nothing else may do to a node meanwhile.
  private func whileStarting(_ position: Int, _ body: (Node) async throws -> Void) async throws {
    let node = nodes.withLockedValue { nodes in
      defer { nodes[position].isStarting = true }
      return nodes[position]
    }
    guard !node.isStarting else {
      throw PDBError(.badRequest, "node \(node.address.port) is being started")
    }
    defer { nodes.withLockedValue { $0[position].isStarting = false } }
    try await body(node)
  }

  /// Starts the process of a node that has none.
  private func restart(_ position: Int) async throws {
    try await PDBNode.checkPorts(of: [addresses[position]])
    let faults = nodes.withLockedValue { $0[position].faults }
    let process = try launch(addresses[position], faults)
    nodes.withLockedValue { $0[position].process = process }
  }

  /// Turns over a bit in the files of a node that runs, and starts it again.
  func flip(_ name: Int, _ part: BitFlip.Part) async throws {
    let position = try position(name)
    try await whileStarting(position) { node in
      guard node.process.isRunning else { throw doesNotRun(position) }
      await node.process.stop()
      let flip = Result { try BitFlip(part, of: node.address.port, in: dataDirectory) }
      if part == .log { nodes.withLockedValue { $0[position].flip = try? flip.get() } }
      try await restart(position)
      _ = try flip.get()
    }
  }

  private func doesNotRun(_ position: Int) -> PDBError {
    let port = addresses[position].port
    return PDBError(
      .badRequest, "node \(port) does not run",
      hint: LabNode.words("start", port, in: dataDirectory))
  }

  /// Cuts the way from one node to another, and unless it is `oneWay` the way back.
  func cut(_ first: Int, _ second: Int, oneWay: Bool) throws {
    let (from, to) = (try position(first), try position(second))
    guard from != to else {
      throw PDBError(.badRequest, "a node cannot be cut off from itself", hint: "name two nodes")
    }
    for (from, to) in oneWay ? [(from, to)] : [(from, to), (to, from)] {
      change(from) { $0.muteTo.insert(addresses[to].description) }
      change(to) { $0.deafTo.insert(addresses[from].description) }
    }
  }

  /// Mends the ways between two nodes.
  func heal(_ first: Int, _ second: Int) throws {
    let (one, other) = (try position(first), try position(second))
    for (from, to) in [(one, other), (other, one)] {
      change(from) { $0.muteTo.remove(addresses[to].description) }
      change(to) { $0.deafTo.remove(addresses[from].description) }
    }
  }

  /// Mends everything between and in all nodes.
  func healAll() throws {
    for position in addresses.indices {
      change(position) { $0 = NodeFaults.State() }
      let flip = nodes.withLockedValue { nodes in
        defer { nodes[position].flip = nil }
        return nodes[position].flip
      }
      try flip?.undo()
    }
  }

  func slow(_ name: Int, milliseconds: Int) throws {
    change(try position(name)) { $0.diskDelay = milliseconds }
  }

  func fill(_ name: Int, isFull: Bool) throws {
    change(try position(name)) { $0.isDiskFull = isFull }
  }

  func skew(_ name: Int, milliseconds: Int64) throws {
    change(try position(name)) { $0.clockSkew = milliseconds }
  }

  /// What runs and what is broken.
  var report: JSON {
    let nodes = nodes.withLockedValue { $0 }
    let list = nodes.map { node -> JSON in
      let state =
        !node.process.isRunning ? "dead" : node.process.isPaused ? "paused" : "running"
      return [
        "address": .string(node.address.description), "port": JSON(node.address.port),
        "state": .string(state), "disk_delay_ms": JSON(node.faults.diskDelay),
        "disk_full": .bool(node.faults.isDiskFull), "clock_ms": JSON(node.faults.clockSkew),
        "log_damaged": .bool(node.flip != nil),
        "start": .string(LabNode.words("start", node.address.port, in: dataDirectory)),
      ]
    }
    let cuts = nodes.flatMap { node in
      node.faults.muteTo.sorted().map { to -> JSON in
        ["from": .string(node.address.description), "to": .string(to)]
      }
    }
    return ["nodes": .array(list), "cuts": .array(cuts)]
  }
}

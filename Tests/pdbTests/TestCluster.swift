// A cluster of real processes that a test can hurt.

import AsyncHTTPClient
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import PDBKit

/// Nodes as child processes on free ports; all are killed when the test is over.
final class TestCluster: Sendable {
  let workspace: Workspace
  let addresses: [NodeAddress]
  /// What clients of a cluster with a token must know.
  private let token: String?
  private let ports: TestPorts
  /// How many of the addresses are the first members; the rest may join later.
  private let firstMembers: Int
  private let processes = NIOLockedValueBox<[Int: Process]>([:])

  /// Starts a cluster and waits until it has a leader.
  ///
  /// - Parameters:
  ///   - spare: addresses for nodes that may join later.
  ///   - token: what clients must know.
  ///   - arguments: for every node.
  static func running<T>(
    _ count: Int, spare: Int = 0, token: String? = nil, arguments: [String] = [],
    _ body: (TestCluster) async throws -> T
  ) async throws -> T {
    let cluster = try await TestCluster(count, spare: spare, token: token)
    defer { cluster.killAll() }
    for node in 0..<count { try cluster.start(node, arguments: arguments) }
    _ = try await cluster.leader()
    return try await body(cluster)
  }

  init(_ count: Int, spare: Int = 0, token: String? = nil) async throws {
    firstMembers = count
    self.token = token
    ports = try TestPorts(count + spare)
    addresses = ports.numbers.map { NodeAddress(host: "127.0.0.1", port: $0) }
    workspace = try Workspace(
      nodes: addresses.prefix(count).map(\.description).joined(separator: ","))
    if let token { try writeSecret(token, to: tokenFile) }
  }

  /// Nodes that have the files of version 0.1; none of them runs yet.
  ///
  /// - Parameter fixtures: names of data directories in Tests/Fixtures/0.1.
  init(of fixtures: [String]) async throws {
    (firstMembers, token) = (0, nil)
    ports = try await TestPorts(exactly: try fixtures.map { try OldData.port(of: $0) })
    addresses = ports.numbers.map { NodeAddress(host: "127.0.0.1", port: $0) }
    workspace = try Workspace(nodes: addresses.map(\.description).joined(separator: ","))
    for fixture in fixtures { try OldData.unpack(fixture, into: workspace.path + "/.pdb") }
  }

  /// The file with the token, for `--token-file`.
  var tokenFile: String { workspace.path + "/token" }

  // MARK: Life and death

  /// - Parameter wrapper: what the shell does instead of only running the program.
  func start(_ node: Int, arguments: [String] = [], wrapper: String? = nil) throws {
    var all = ["node", "start", "--port", String(addresses[node].port)] + arguments
    if firstMembers > 1, node < firstMembers {
      let first = addresses.prefix(firstMembers).map(\.description)
      all += ["--cluster", first.joined(separator: ",")]
    }
    if token != nil { all += ["--token-file", tokenFile] }
    let process =
      if let wrapper {
        workspace.process(
          ["-c", wrapper, program.path] + all, program: URL(fileURLWithPath: "/bin/sh"))
      } else {
        workspace.process(all)
      }
    let log = "\(workspace.path)/\(node).log"
    if !FileManager.default.fileExists(atPath: log) {
      _ = FileManager.default.createFile(atPath: log, contents: nil)
    }
    let handle = FileHandle(forWritingAtPath: log)!
    try handle.seekToEnd()
    process.standardError = handle
    process.standardOutput = handle
    try process.run()
    processes.withLockedValue { $0[node] = process }
  }

  /// Starts a node that may have no more than so many descriptors.
  func start(_ node: Int, descriptors: Int) throws {
    try start(node, wrapper: "ulimit -n \(descriptors); exec \"$0\" \"$@\"")
  }

  /// Takes a process that a test started itself into the cluster.
  func adopt(_ process: Process, as node: Int) { processes.withLockedValue { $0[node] = process } }

  func processID(_ node: Int) -> Int32? {
    processes.withLockedValue { $0[node] }?.processIdentifier
  }

  func send(signal: Int32, to node: Int) {
    _ = processes.withLockedValue { $0[node] }.map { kill($0.processIdentifier, signal) }
  }

  /// SIGKILL, and waits until the process is gone.
  func kill9(_ node: Int) {
    send(signal: SIGKILL, to: node)
    processes.withLockedValue { $0.removeValue(forKey: node) }?.waitUntilExit()
  }

  /// SIGTERM; returns the exit status.
  func stop(_ node: Int) -> Int32 {
    send(signal: SIGTERM, to: node)
    let process = processes.withLockedValue { $0.removeValue(forKey: node) }
    process?.waitUntilExit()
    return process?.terminationStatus ?? -1
  }

  /// Removes the files of a node that does not run.
  func wipe(_ node: Int) throws {
    let folder = "\(workspace.path)/.pdb"
    for file in try FileManager.default.contentsOfDirectory(atPath: folder)
    where file.hasPrefix("node_\(addresses[node].port).") {
      try FileManager.default.removeItem(atPath: "\(folder)/\(file)")
    }
  }

  func killAll() {
    for node in addresses.indices { kill9(node) }
  }

  func log(_ node: Int) throws -> String {
    try String(contentsOfFile: "\(workspace.path)/\(node).log", encoding: .utf8)
  }

  // MARK: Asking

  /// A node's `/status`, or `nil` while it does not answer.
  func status(_ node: Int) async -> JSON? {
    try? await get(node, "/status", patience: .milliseconds(500)).json
  }

  /// The node that leads in the newest term.
  func leader() async throws -> Int {
    try await waitFor {
      var leaders: [(node: Int, term: UInt64)] = []
      for node in self.addresses.indices {
        if let status = await self.status(node), status["is_leader"]?.bool == true {
          leaders.append((node, status["term"]?.uint64 ?? 0))
        }
      }
      return leaders.max { $0.term < $1.term }?.node
    }
  }

  /// Waits until all nodes have applied the same entries, and returns their statuses.
  func settled(_ nodes: Range<Int>? = nil) async throws -> [JSON] {
    try await waitFor {
      var statuses: [JSON] = []
      for node in nodes ?? self.addresses.indices {
        guard let status = await self.status(node) else { return nil }
        statuses.append(status)
      }
      let applied = Set(statuses.map { $0["applied"]?.uint64 })
      let commit = Set(statuses.map { $0["last"]?.uint64 })
      let isLed = statuses.contains { $0["is_leader"]?.bool == true }
      return isLed && applied.count == 1 && applied == commit ? statuses : nil
    }
  }

  /// Makes a change through a client that is patient, and knows these nodes.
  func change(_ change: Change, asking nodes: PartialRangeFrom<Int> = 0...) async throws {
    try await withStore(Array(addresses[nodes])) { _ = try await $0.apply(change) }
  }

  /// Runs `body` with the store that this cluster is for clients.
  func withStore<T>(
    _ addresses: [NodeAddress]? = nil, patience: Duration = .seconds(30),
    _ body: (RemoteStore) async throws -> T
  ) async throws -> T {
    let client = ClusterClient(addresses: addresses ?? self.addresses, timeout: patience)
    let result: Result<T, any Error>
    do { result = .success(try await body(RemoteStore(client))) } catch { result = .failure(error) }
    await client.shutdown()
    return try result.get()
  }

  /// Runs the command line against this cluster, which `PDB_NODES` names.
  func pdb(_ arguments: String..., input: Data? = nil) async throws -> CommandResult {
    try await workspace.run(arguments, input: input)
  }

  // MARK: HTTP

  struct Answer: Sendable {
    let status: UInt
    let headers: HTTPHeaders
    let body: String

    var json: JSON {
      get throws { try JSON(parsing: body.utf8) }
    }
  }

  func get(
    _ node: Int, _ path: String, headers: HTTPHeaders = [:], patience: TimeAmount = .seconds(15)
  ) async throws -> Answer {
    try await send(node, .GET, path, nil, headers: headers, patience: patience)
  }

  func send(
    _ node: Int, _ method: HTTPMethod, _ path: String, _ body: String?,
    headers: HTTPHeaders = [:], patience: TimeAmount = .seconds(15)
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: addresses[node].url + path)
    request.method = method
    if let body {
      request.body = .bytes(ByteBuffer(string: body))
      if !headers.contains(name: "Content-Type") {
        request.headers.add(name: "Content-Type", value: "application/json")
      }
    }
    request.headers.add(contentsOf: headers)
    if let token, !headers.contains(name: "Authorization") {
      request.headers.add(name: "Authorization", value: "Bearer \(token)")
    }
    let response = try await Self.http.execute(request, timeout: patience)
    let bytes = try await response.body.collect(upTo: 1 << 26)
    return Answer(
      status: response.status.code, headers: response.headers, body: String(buffer: bytes))
  }

  private static let http = HTTPClient(
    eventLoopGroupProvider: .singleton,
    configuration: HTTPClient.Configuration(redirectConfiguration: .disallow))

  /// Sends bytes as they are on a connection of their own, and returns what comes back until
  /// the node closes it.
  ///
  /// - Parameter isLast: whether to tell the node that no more will come.
  func sendRaw(_ node: Int, _ bytes: [UInt8], isLast: Bool = true) throws -> String {
    let connection = try connection(node)
    connection.send(bytes)
    if isLast { connection.endSending() }
    return try connection.readToEnd()
  }

  /// A connection on which a test says what it wants, byte by byte.
  ///
  /// - Parameter isDeaf: whether what the node sends waits on its side.
  func connection(_ node: Int, isDeaf: Bool = false) throws -> RawConnection {
    try RawConnection(addresses[node], isDeaf: isDeaf)
  }

  /// The beginning of a request, for a connection of one's own.
  func head(_ node: Int, _ request: String) -> String {
    "\(request) HTTP/1.1\r\nHost: \(addresses[node])\r\n"
  }

  /// A figure of a node.
  func figure(_ node: Int, _ name: String) async throws -> Double? {
    try await get(node, "/metrics").body.split(separator: "\n")
      .first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.count + 1)) }
  }
}

/// A value that several tasks change.
final class Locked<Value: Sendable>: Sendable {
  private let mutex: NIOLockedValueBox<Value>

  init(_ value: Value) { mutex = NIOLockedValueBox(value) }

  var value: Value { mutex.withLockedValue { $0 } }

  func change<T>(_ body: (inout Value) -> T) { mutex.withLockedValue { _ = body(&$0) } }
}

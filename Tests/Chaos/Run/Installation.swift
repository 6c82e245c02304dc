// Everything that must be there before nodes can run, and must be gone afterwards.

import Foundation
import Synchronization

/// The network, the disks and the files of one run.
struct Installation: Sendable {
  let directory: String
  let network: Network
  let program: Program
  let nodes: [Node]
  let firewall: Firewall
  let tokenFile: String
  let token: String
  /// Where the data are, if the nodes do not keep them.
  let etcd: EtcdMembers?
  let ends: AsyncStream<ProcessEnd>

  var addresses: [String] { nodes.map(\.place.address) }

  /// A reason for which nothing can run here.
  struct Impossible: Error, CustomStringConvertible {
    let description: String
  }

  /// Says what is missing before anything is touched.
  static func checkRequirements() async throws {
    guard geteuid() == 0 else {
      throw Impossible(
        description: "pdb-chaos needs root: it gives every node a network namespace and a disk of "
          + "its own. Run it with sudo, or in a virtual machine or a container with "
          + "--privileged, or as root of a user namespace: unshare --user --map-root-user --net "
          + "--mount -- pdb-chaos ...")
    }
    for (tool, package) in [
      ("ip", "iproute2"), ("tc", "iproute2"), ("nft", "nftables"), ("nsenter", "util-linux"),
      ("mount", "mount"), ("cc", "gcc"),
    ] where await !Command.exists(tool) {
      throw Impossible(description: "there is no '\(tool)'; on Debian: apt-get install \(package)")
    }
  }

  /// Builds everything; what was built is removed again if that fails half-way.
  init(_ settings: Settings) async throws {
    let network = Network(nodeCount: settings.nodeCount)
    let directory = "\(Settings.directory)/\(network.name)"
    do {
      try await self.init(settings, network, directory)
    } catch {
      for index in 0..<settings.nodeCount {
        await Command.attempt("umount", "--lazy", Self.diskPath(index, directory))
      }
      await network.remove()
      throw error
    }
  }

  private static func diskPath(_ index: Int, _ directory: String) -> String {
    "\(directory)/disk-\(index)"
  }

  private init(_ settings: Settings, _ network: Network, _ directory: String) async throws {
    self.directory = directory
    self.network = network
    try? FileManager.default.removeItem(atPath: directory)
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    program = try await Program(path: settings.program)
    let shim = try await Shim.compile(into: directory)
    token = Self.secret()
    tokenFile = "\(directory)/token"
    try Self.write(token, to: tokenFile)
    var arguments = ["--token-file", tokenFile] + settings.nodeArguments
    if program.hasLogEntries { arguments += ["--log-entries", String(settings.logEntries)] }
    if program.hasClusterSecret {
      let file = "\(directory)/cluster-secret"
      try Self.write(Self.secret(), to: file)
      arguments += ["--cluster-secret-file", file]
    } else {
      arguments.append("--insecure")
    }
    try await network.build()
    firewall = Firewall(network: network, canDelay: await network.canDelay())
    let (ends, ended) = AsyncStream.makeStream(of: ProcessEnd.self)
    self.ends = ends
    let bareHosts = (0..<settings.nodeCount).map { network.host($0) }
    let etcd = settings.etcd.map { EtcdMembers(program: $0, hosts: bareHosts) }
    self.etcd = etcd
    let hosts = bareHosts.map { "\($0):\(NodePlace.port)" }
    var nodes: [Node] = []
    for index in hosts.indices {
      let place = NodePlace(
        index: index, namespace: network.namespace(index), address: hosts[index],
        disk: Disk(path: Self.diskPath(index, directory), megabytes: settings.diskMegabytes),
        control: try DiskAndClockControl(path: "\(directory)/control-\(index)"),
        log: "\(directory)/node-\(index).log")
      try await place.disk.mount()
      nodes.append(
        Node(
          place, program: program, arguments: arguments, firstMembers: hosts,
          environment: [
            "HOME": directory, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LD_PRELOAD": shim,
            "PDB_CHAOS_CONTROL": place.control.path,
          ],
          etcd: etcd, ended: { ended.yield($0) }))
    }
    self.nodes = nodes
  }

  /// Starts the members of etcd, and makes the database once enough of them run.
  func beginDatabase() async throws {
    guard let etcd else { return }
    for node in nodes { try await node.startMember() }
    _ = await waitUntil(within: .seconds(30), every: .milliseconds(500)) {
      let made = try? await Command.result([program.path, "init", "--db", etcd.database])
      return made?.status == 0
    }
  }

  /// Takes everything away again.
  ///
  /// - Parameter keepsFiles: keeps logs and histories, and copies of the nodes' data.
  func remove(keepsFiles: Bool) async {
    for node in nodes {
      await node.finishAll()
      if keepsFiles {
        node.place.disk.empty()
        try? node.place.disk.copyData(to: "\(directory)/data-\(node.place.index)")
      }
      await node.place.disk.unmount()
    }
    await network.remove()
    if !keepsFiles { try? FileManager.default.removeItem(atPath: directory) }
  }

  private static func secret() -> String {
    (0..<4).map { _ in String(UInt64.random(in: 0 ... .max), radix: 16) }.joined()
  }

  private static func write(_ secret: String, to path: String) throws {
    _ = FileManager.default.createFile(
      atPath: path, contents: Data("\(secret)\n".utf8), attributes: [.posixPermissions: 0o600])
  }
}

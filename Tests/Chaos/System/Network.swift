// A network of their own for the nodes: one namespace each, all on one bridge.

import Foundation

/// Builds the network and takes it away.
struct Network: Sendable {
  /// Every name begins with the process id, so that runs at the same time do not clash, and
  /// what a killed run left can be told from what is in use.
  static let prefix = "pdbc"

  let name: String
  let subnet: String
  let nodeCount: Int

  init(nodeCount: Int, processID: Int32 = getpid()) {
    name = "\(Self.prefix)\(processID)"
    subnet = "10.77.\(1 + processID % 250)"
    self.nodeCount = nodeCount
  }

  /// The address of this process, which sends the requests.
  var harness: String { "\(subnet).254" }

  func host(_ node: Int) -> String { "\(subnet).\(node + 1)" }

  func namespace(_ node: Int) -> String { "\(name)n\(node)" }

  func build() async throws {
    try await Command.run("ip", "link", "add", name, "type", "bridge")
    try await Command.run("ip", "address", "add", "\(harness)/24", "dev", name)
    try await Command.run("ip", "link", "set", name, "up")
    for node in 0..<nodeCount {
      let namespace = namespace(node)
      try await Command.run("ip", "netns", "add", namespace)
      try await Command.run(
        "ip", "link", "add", namespace, "type", "veth", "peer", "name", "eth0", "netns", namespace)
      try await Command.run("ip", "link", "set", namespace, "master", name, "up")
      try await Command.run(
        "ip", "-n", namespace, "address", "add", "\(host(node))/24", "dev", "eth0")
      try await Command.run("ip", "-n", namespace, "link", "set", "eth0", "up")
      try await Command.run("ip", "-n", namespace, "link", "set", "lo", "up")
    }
  }

  func remove() async {
    for node in 0..<nodeCount {
      await Command.attempt("ip", "link", "delete", namespace(node))
      await Command.attempt("ip", "netns", "delete", namespace(node))
    }
    await Command.attempt("ip", "link", "delete", name)
  }

  /// Whether the kernel can delay packets (`netem`), or only limit their rate (`tbf`).
  func canDelay() async -> Bool {
    let link = ["dev", "eth0", "root"]
    let line = ["tc", "-n", namespace(0), "qdisc"]
    let attempt = try? await Command.result(line + ["add"] + link + ["netem", "delay", "0ms"])
    guard attempt?.status == 0 else { return false }
    _ = try? await Command.result(line + ["del"] + link)
    return true
  }
}

// Makes packets of a node vanish, or come late.

/// The rules in one node's namespace.
struct Firewall: Sendable {
  let network: Network
  /// Whether the kernel can delay packets; if not, slow links are narrow ones.
  let canDelay: Bool

  /// Puts the rules for `node` in place of those before. Packets of connections that exist are
  /// dropped like all others.
  func apply(_ conditions: Conditions, to node: Int) async throws {
    var input: [String] = []
    var output: [String] = []
    for edge in conditions.cut.sorted(by: { ($0.from, $0.to) < ($1.from, $1.to) }) {
      // Dropped where they arrive: a sender notices nothing. Only clients have no rules.
      if edge.to == node { input.append("ip saddr \(host(edge.from)) drop") }
      if edge.from == node, edge.to == Edge.clients {
        output.append("ip daddr \(network.harness) drop")
      }
    }
    if let percent = conditions.lossPercent[node] {
      input.append("numgen random mod 100 < \(percent) drop")
    }
    let rules = """
      add table ip chaos
      delete table ip chaos
      table ip chaos {
        chain arriving {
          type filter hook input priority 0
          \(input.joined(separator: "\n    "))
        }
        chain leaving {
          type filter hook output priority 0
          \(output.joined(separator: "\n    "))
        }
      }

      """
    try await Command.run(
      "ip", "netns", "exec", network.namespace(node), "nft", "-f", "-", input: rules)
  }

  /// Makes a node's link slow, or as fast as it can be.
  func setSlow(_ isSlow: Bool, node: Int) async throws {
    let line = ["tc", "-n", network.namespace(node), "qdisc"]
    _ = try await Command.result(line + ["del", "dev", "eth0", "root"])
    guard isSlow else { return }
    let kind =
      canDelay
      ? ["netem", "delay", "40ms", "30ms", "loss", "2%"]
      : ["tbf", "rate", "600kbit", "burst", "4kb", "latency", "200ms"]
    let result = try await Command.result(line + ["add", "dev", "eth0", "root"] + kind)
    guard result.status == 0 else {
      throw CommandFailed(line: "tc", status: result.status, output: result.output)
    }
  }

  private func host(_ place: Int) -> String {
    place == Edge.clients ? network.harness : network.host(place)
  }
}

// `pdb node status`

import ArgumentParser
import PDBKit

struct NodeStatusCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show what one node says of itself.",
    discussion: "Exits with 1 when the node is in trouble, and with 69 when it does not answer.")

  static let examples = [
    Example("pdb node status", "See what a node says of itself:")
  ]

  @Argument(help: ArgumentHelp("The node's address or port.", valueName: "addr"))
  var address: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    var isHealthy = true
    try await Session.run(options.naming(address)) { session in
      let node = try address.map(NodeAddress.init(parsing:)) ?? session.firstAddress
      let status: NodeStatus
      do {
        status = try await session.member(node).status()
      } catch let error as PDBError where error.code == .unreachable {
        let start = node.isLoopback ? NodeProcess.restartIfStopped(node.port, in: ".pdb") : nil
        throw PDBError(
          .unreachable, "cannot reach '\(node)': \(error.message)",
          hint: start.map { "start it:  \($0)" })
      }
      try session.show(status.json) { Self.table(status.json).print() }
      isHealthy = status.alarms.isEmpty
    }
    if !isHealthy { throw ExitCode(ExitStatus.no.rawValue) }
  }

  private static func table(_ status: JSON) -> Table {
    var table = Table(.init(title: "WHAT"), .init(title: "VALUE"))
    for member in status.members ?? [] where member.name != "current_leader" {
      table.add(member.name, Self.text(member.name, member.value))
    }
    return table
  }

  /// A value as it is written everywhere: addresses without a scheme, times as RFC 3339.
  private static func text(_ name: String, _ value: JSON) -> String {
    if let list = value.array { return list.map { text(name, $0) }.joined(separator: " ") }
    switch name {
    case "leader", "peers": return value.string.map(NodeAddress.address) ?? ""
    case "role": return value.string.map(Role.words) ?? ""
    case "last_heartbeat":
      return Double(value.text).map {
        Timestamp(milliseconds: Int64(($0 * 1000).rounded())).description
      } ?? ""
    default: return value.isNull ? "" : value.string ?? value.text
    }
  }
}

// What `pdb` alone says: how the cluster is, and what can be done.

import ArgumentParser
import PDBKit

enum Overview {
  static func show(_ options: GlobalOptions, _ settings: Settings) async throws {
    let status = try await clusterStatus(options, settings)
    if options.json {
      let commands = CommandTree.root.children.map { JSON.string($0.name) }
      let json: JSON = [
        "version": .string(pdbVersion), "cluster": status ?? .null, "commands": .array(commands),
      ]
      return Console.write(json.text)
    }
    let style = Style(for: .output)
    var lines = ["pdb \(pdbVersion)  \(words(status, style))", ""]
    for group in CommandTree.root.groups {
      lines.append(style.bold(group.name))
      for command in group.commands {
        let name = "pdb \(command.name)".padded(to: 16)
        lines.append("  \(name)  \(style.dim(command.abstract))")
      }
      lines.append("")
    }
    lines.append("'pdb help COMMAND' tells more, 'pdb COMMAND --help' less.")
    Console.write(lines.joined(separator: "\n"))
  }

  /// How the cluster is, as far as that can be told at once.
  private static func clusterStatus(
    _ options: GlobalOptions, _ settings: Settings
  ) async throws -> JSON? {
    let connection = try Connection(options, settings)
    var found: JSON?
    connection.recall()
    for address in connection.client.addresses where found == nil {
      let request = ClientRequest(.get, "/cluster/status")
      let answer = await connection.client.ask(address, request, within: .milliseconds(300))
      if case .success(let status) = answer { found = status.json }
    }
    await connection.client.shutdown()
    return found
  }

  private static func words(_ status: JSON?, _ style: Style) -> String {
    guard let status else {
      return style.dim("no node answers; 'pdb lab up' starts a cluster, 'pdb node start' a node")
    }
    let members = status["members"]?.array?.count ?? 1
    let leader = status["leader"]?.string?.replacing("http://", with: "")
    return "\(members) member\(members == 1 ? "" : "s"), "
      + (leader.map { "leader \($0)" } ?? style.red("no leader"))
  }
}

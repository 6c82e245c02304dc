// What `pdb` alone says: how the cluster is, and what can be done.

import ArgumentParser
import PDBKit

enum Overview {
  static func show() async throws {
    let style = Style(for: .output)
    var lines = ["pdb \(pdbVersion)  \(await statusLine(style))", ""]
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
  private static func statusLine(_ style: Style) async -> String {
    guard let settings = try? Settings(), let options = try? GlobalOptions.parse([]),
      let connection = try? Connection(options, settings)
    else { return "" }
    var found: String?
    for address in connection.addresses where found == nil {
      let request = ClientRequest(.get, "/cluster/status")
      let answer = await connection.client.ask(address, request, within: .milliseconds(300))
      guard case .success(let status) = answer else { continue }
      let members = status.json["members"]?.array?.count ?? 1
      let leader = status.json["leader"]?.string?.replacing("http://", with: "")
      found =
        "\(members) member\(members == 1 ? "" : "s"), "
        + (leader.map { "leader \($0)" } ?? style.red("no leader"))
    }
    await connection.client.shutdown()
    return found
      ?? style.dim("no node answers; 'pdb lab up' starts a cluster, 'pdb node start' a node")
  }
}

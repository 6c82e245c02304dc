// What `pdb` alone says: how the cluster is, and what can be done.

import ArgumentParser
import PDBKit

enum Overview {
  static func show(_ options: GlobalOptions, _ settings: Settings) async throws {
    let connection = try Connection(options, settings)
    let place = connection.place
    let folder = place.addresses.isEmpty ? place.folder : nil
    let view = folder == nil && place.etcd == nil ? await clusterView(connection) : nil
    if options.json {
      let commands = CommandTree.root.children.map { JSON.string($0.name) }
      let json: JSON = [
        "version": .string(pdbVersion), "folder": JSON(folder?.path),
        "cluster": view?.json ?? .null,
        "commands": .array(commands),
      ]
      return Console.write(json: json)
    }
    let style = Style(for: .output)
    var lines: [TerminalText] = [
      "pdb \(pdbVersion)  \((folder?.path ?? place.etcd?.description).map { TerminalText($0) } ?? words(view, style))",
      "",
    ]
    for group in CommandTree.root.groups {
      lines.append(style.bold("\(group.name)"))
      for command in group.commands {
        let name = "pdb \(command.name)".padded(to: 16)
        lines.append("  \(name)  \(style.dim("\(command.abstract)"))")
      }
      lines.append("")
    }
    lines.append("'pdb help COMMAND' tells more, 'pdb COMMAND --help' less.")
    Console.write(TerminalText(lines, separator: "\n"))
  }

  /// How the cluster is, as far as that can be told at once.
  private static func clusterView(_ connection: Connection) async -> ClusterView? {
    var found: ClusterView?
    connection.recall()
    for address in connection.client.addresses where found == nil {
      let node = RemoteNode(address, connection.client, within: .milliseconds(300))
      found = try? await node.view()
    }
    await connection.client.shutdown()
    return found
  }

  private static func words(_ view: ClusterView?, _ style: Style) -> TerminalText {
    guard let view else {
      return style.dim("no node answers; 'pdb init' makes a database in this folder")
    }
    let members = view.members.count
    let leader: TerminalText =
      if let leader = view.leader { "leader \(leader.address)" } else { style.red("no leader") }
    return members == 1 ? "1 member, \(leader)" : "\(members) members, \(leader)"
  }
}

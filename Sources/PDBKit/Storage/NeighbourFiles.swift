// Members of the cluster whose files lie beside this node's: only for those is it known how
// they are started again.

import Foundation
import PDBModel
package import Raft

/// How dead members of this machine are started again.
package struct NeighbourFiles: Sendable {
  /// The folder of this node's files; absolute.
  let directory: String
  /// What a node of this cluster must be told to start, beside its port and its folder.
  let options: [String]

  package init(directory: String, options: [String]) {
    self.directory = URL(fileURLWithPath: directory).standardizedFileURL.path
    self.options = options
  }

  /// The command that starts a member again, wherever it is typed.
  ///
  /// - Returns: `nil` for a learner, for a member whose files are not here, and for one whose
  ///   process lives: that one is only paused, or cannot be reached.
  package func restart(_ member: Member) -> String? {
    guard member.role == .voter, let address = try? NodeAddress(parsing: member.address),
      address.isLoopback
    else { return nil }
    let files = NodeFiles(of: address.port, in: directory)
    guard files.hasData, NodeProcess.holder(of: files.lock) == nil else { return nil }
    return Self.command(port: address.port, directory: directory, options: options)
  }

  /// `pdb node start ...` for a node whose files are in a folder.
  static func command(port: Int, directory: String, options: [String] = []) -> String {
    let words = ["pdb", "node", "start", "--port", String(port), "--data-dir", directory] + options
    return words.map(\.shellQuoted).joined(separator: " ")
  }
}

extension String {
  /// The text as one word of a POSIX shell: quoted only where the shell would take it apart.
  public var shellQuoted: String {
    let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=@%+".utf8)
    guard isEmpty || !utf8.allSatisfy({ plain.contains($0) }) else { return self }
    return "'" + replacing("'", with: "'\\''") + "'"
  }
}

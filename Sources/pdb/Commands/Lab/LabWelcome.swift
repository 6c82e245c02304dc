// What a lab says when it is up: where to look and what to type.

import Foundation
import PDBKit

extension Lab {
  /// How the shell finds this program, if it does not yet.
  private var pathHint: TerminalText {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let own = program.resolvingSymlinksInPath().path
    let found = path.split(separator: ":").map { "\($0)/pdb" }.first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
    if let found, URL(fileURLWithPath: found).resolvingSymlinksInPath().path == own { return "" }
    return "\n  export PATH=\"\(program.deletingLastPathComponent().path):$PATH\""
  }

  /// What to type before the commands, so that they mean this cluster and no other.
  private var placeHint: TerminalText {
    let list = addresses.map(\.description).joined(separator: ",")
    let configured = try? Place.configured(Settings())
    let isPlain = configured?.isStandard == true && addresses[0] == Place.standardAddress
    if isPlain { return "" }
    let environment = ProcessInfo.processInfo.environment
    let others = ["PDB_DB", "PDB_CLUSTER"].filter { environment[$0]?.isEmpty == false }
    let unset: TerminalText = others.isEmpty ? "" : "\n  unset \(others.joined(separator: " "))"
    return "\(unset)\n  export PDB_NODES=\(list)"
  }

  /// Where to look and what to type.
  ///
  /// - Parameter page: the link to the page with the lab's controls.
  func welcome(page: String) {
    let first = addresses[0]
    let urls = addresses.map(\.url).joined(separator: "  ")
    let head: TerminalText =
      addresses.count == 1
      ? "A cluster of 1 node is up: \(urls)"
      : "A cluster of \(addresses.count) nodes is up: \(urls)"
    Console.write(
      """

      \(head)
      Watch it, and break it, in a browser:
        \(page)
      In another terminal, try:
      \(pathHint)\(placeHint)
        pdb task add "Học Python"
        pdb task ls
        pdb cluster status
        curl \(first.url)/tasks

      Kill any node and watch the others go on. Ctrl-C stops the cluster.

      """)
  }
}

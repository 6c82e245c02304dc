// `pdb node stop`

import ArgumentParser
import Foundation
import PDBKit

struct NodeStop: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "Stop a node; a leader hands leadership over first.",
    discussion: "Waits until the node is gone.")

  static let examples = [
    Example("pdb node stop 4000", "Stop a node:")
  ]

  @Argument(help: ArgumentHelp("The node's address or port.", valueName: "addr"))
  var address: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options.naming(address)) { session in
      let node = try address.map(NodeAddress.init(parsing:)) ?? session.firstAddress
      session.willChange()
      let stopped = try await session.member(node).stop()
      // On this machine the process itself can be watched; elsewhere silence must do.
      let process = node.isLoopback ? stopped : nil
      let deadline = ContinuousClock.now + .seconds(session.timeout)
      while true {
        let answers = (try? await session.node(node, within: 1).status()) != nil
        guard answers || process.map({ kill($0, 0) == 0 }) == true else { break }
        guard ContinuousClock.now < deadline else {
          throw PDBError(
            .stopping, "'\(node)' is stopping, but not gone yet", outcome: .applied,
            hint: "its log says what it waits for")
        }
        try await Task.sleep(for: .milliseconds(20))
      }
      try session.show(["status": "stopped", "node": .string(node.url)]) {
        session.say("stopped \(node)")
      }
    }
  }
}

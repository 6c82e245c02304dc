// The program's own commands, as an operator would use them.

import Foundation

/// Runs `pdb cluster ...` against the nodes.
struct OperatorCommands: Sendable {
  let program: Program
  let tokenFile: String
  let addresses: [String]

  func removeMember(_ node: Int) async throws -> CommandResult {
    try await cluster(["remove", addresses[node]], without: node)
  }

  func transferLeadership() async throws -> CommandResult {
    try await cluster(["transfer"], without: nil)
  }

  /// A command that asks any member but `node`.
  private func cluster(_ words: [String], without node: Int?) async throws -> CommandResult {
    var line = [program.path, "cluster"] + words + ["--token-file", tokenFile, "--yes"]
    line += ["--timeout", "5"]
    for other in addresses.indices where other != node { line += ["--node", addresses[other]] }
    return try await Command.result(line)
  }
}

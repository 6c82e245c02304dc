// The program's own commands, as an operator would use them.

import Foundation

/// Runs `pdb cluster ...` against the nodes.
struct OperatorCommands: Sendable {
  let program: Program
  let tokenFile: String
  let addresses: [String]
  /// The folders of the nodes' files.
  let dataDirectories: [String]

  func removeMember(_ node: Int) async throws -> CommandResult {
    try await cluster(["remove", addresses[node]], without: node)
  }

  func transferLeadership() async throws -> CommandResult {
    try await cluster(["transfer"], without: nil)
  }

  /// What the nodes must show: the secret in the files of any of them tells it.
  private func clusterKey() async throws -> String {
    var failure: (any Error)?
    for folder in dataDirectories {
      do {
        return try await Command.run(
          program.path, "cluster", "cert", "--hash", "--port", String(NodePlace.port), "--data-dir",
          folder
        ).trimmingCharacters(in: .whitespacesAndNewlines)
      } catch { failure = error }
    }
    throw failure ?? CancellationError()
  }

  /// A command that asks any member but `node`.
  private func cluster(_ words: [String], without node: Int?) async throws -> CommandResult {
    var line = [program.path, "cluster"] + words + ["--token-file", tokenFile, "--yes"]
    line += ["--timeout", "5", "--cluster-key", try await clusterKey()]
    for other in addresses.indices where other != node { line += ["--node", addresses[other]] }
    return try await Command.result(line)
  }
}

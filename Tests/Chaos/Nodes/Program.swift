// The program under test, and which of the options that chaos needs it has.

/// A build of pdb.
struct Program: Sendable {
  let path: String
  let hasClusterSecret: Bool
  /// Whether members can be removed and added while the cluster runs.
  let hasMembership: Bool
  let hasTransfer: Bool
  /// Whether the length of the log can be chosen.
  let hasLogEntries: Bool

  init(path: String) async throws {
    self.path = path
    let start = try await Command.run(path, "node", "start", "--help")
    hasClusterSecret = start.contains("--cluster-secret-file")
    hasLogEntries = start.contains("--log-entries")
    let cluster = try await Command.run(path, "cluster", "--help")
    hasMembership = start.contains("--join") && cluster.contains("remove")
    hasTransfer = cluster.contains("transfer")
  }
}

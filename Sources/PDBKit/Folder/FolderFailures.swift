// What keeps a folder's files from being used.

import PDBCoordinator
import PDBModel
import PDBStorage
import PDBStore
import Raft

extension DataFolder {
  /// Why its files could not be had in time.
  var isBusy: PDBError {
    PDBError(
      .dataInUse, "another program has the data in '\(path)'",
      hint: "wait until it is done, or wait longer: --timeout SECONDS")
  }

  /// Why its data cannot be changed.
  var isReadOnly: PDBError {
    PDBError(
      .dataDirectory, "'\(path)' cannot be written, only read",
      hint: "change its owner or permissions, or use another folder: --dir FOLDER")
  }

  /// Why its files cannot be used now, and which nodes can be asked.
  var mustAskNodes: PDBError {
    let serving = serving
    guard serving.isEmpty else {
      return .served(
        by: serving, of: cluster, "the files in '\(path)' are in use by a node",
        hint: "ask the node: --node \(serving[0])")
    }
    let commands = nodes.map { NodeProcess.restart($0, in: path) + " &" }
    return PDBError(
      .noLeader, "none of the nodes in '\(path)' runs",
      hint: "start them:  \(commands.joined(separator: "  "))")
  }
}

extension PDBError {
  private static let nodesName = "ask"
  private static let clusterName = "cluster"

  /// Nodes must be asked: one has the files (`data_in_use`), or others must agree (`no_leader`).
  static func served(
    by nodes: [NodeAddress], of cluster: ClusterIdentity?, as code: Code = .dataInUse,
    _ reason: String, hint: String
  ) -> PDBError {
    PDBError(
      code, reason, hint: hint,
      details: [
        .init(nodesName, .array(nodes.map { .string($0.description) })),
        .init(clusterName, JSON(cluster?.description)),
      ])
  }

  /// The folder holds the files of a member of several that does not run.
  static func member(_ contents: LogContents, in path: String) -> PDBError {
    let members = contents.membership.members
    let others = members.compactMap { try? NodeAddress(parsing: $0.address) }
      .filter { $0 != contents.address && $0.isLoopback }
    let reason =
      "the data in '\(path)' are those of one member of \(members.count), which does not run"
    let hint = "start it:  \(NodeProcess.restart(contents.address.port, in: path))"
    guard !others.isEmpty else { return PDBError(.noLeader, reason, hint: hint) }
    return served(
      by: others, of: ClusterIdentity(cluster: contents.identity.cluster, birth: nil),
      as: .noLeader, reason, hint: hint)
  }

  /// Where to ask for what a folder has, if not in the folder.
  var servingNodes: [NodeAddress]? {
    details.first { $0.name == Self.nodesName }?.value.array?.compactMap { address in
      address.string.flatMap { try? NodeAddress(parsing: $0) }
    }
  }

  /// The cluster of those nodes.
  var servedCluster: ClusterIdentity? {
    details.first { $0.name == Self.clusterName }?.value.string.flatMap(
      ClusterIdentity.init(parsing:))
  }

  /// A failure of the files; `nil` for one that is none.
  init?(ofFolder error: any Error) {
    switch error {
    case let entry as PoisonedEntry: self = entry.error()
    case let behind as StateIsBehind: self = behind.error
    case _ where SQLite.isDamage(error):
      self.init(
        .corrupt, "the folder's state is damaged: \(SQLite.damage(error))",
        hint: "'pdb verify' reads all of it; a backup brings it back ('pdb restore')")
    default:
      guard let failure = PDBError(ofFiles: error) else { return nil }
      self = failure
    }
  }
}

/// A change is durable in the log, and could not be carried into the state.
struct StateIsBehind: Error {
  let reason: any Error

  /// What is said to whoever made the change: the next one who opens the folder completes it.
  var error: PDBError {
    let failure = PDBError(ofFolder: reason)
    let cause = failure?.message ?? "\(reason)"
    return PDBError(
      failure?.code ?? .internal,
      "the change is in the folder's log, but not in its state yet: \(cause)",
      outcome: .unknown,
      hint: "see to the disk; the next command in this folder completes it: 'pdb log' shows whether"
    )
  }
}

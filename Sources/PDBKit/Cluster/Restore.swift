// Making the files of a new node from a backup.

import Crypto
import Foundation
import PDBCoordinator
public import PDBModel
import PDBStorage
import Raft

/// Makes the files of a new node from a backup.
public struct Restore: Sendable {
  /// The path of the backup.
  public let file: String
  /// The folder of the new node's files; made if it does not exist.
  public let dataDirectory: String
  /// Where the new node listens, and where others reach it.
  public let address: NodeAddress
  /// All first members of the new cluster; each restores the same backup with the same list.
  public let cluster: [NodeAddress]
  /// ``NodeConfiguration/stateFolder`` of the new node.
  public let stateFolder: String?

  /// - Parameters:
  ///   - file: the path of the backup.
  ///   - dataDirectory: the folder of the new node's files; made if it does not exist.
  ///   - address: where the new node listens, and where others reach it.
  ///   - cluster: all first members of the new cluster, this node among them; `nil` for this node
  ///     alone.
  ///   - stateFolder: ``NodeConfiguration/stateFolder`` of the new node.
  public init(
    file: String, dataDirectory: String, address: NodeAddress, cluster: [NodeAddress]?,
    stateFolder: String? = nil
  ) {
    self.stateFolder = stateFolder
    self.file = file
    self.dataDirectory = dataDirectory
    self.address = address
    self.cluster = cluster ?? [address]
  }

  /// What was restored.
  public struct Result: Sendable {
    /// The id of the new cluster.
    public let cluster: String
    /// The revision that the data are at.
    public let revision: UInt64
    /// When the backup was made: RFC 3339, UTC.
    public let time: String
  }

  /// Writes the files; ``PDBNode`` completes them when it starts.
  ///
  /// - Throws: ``PDBError``; then there is no node either: `bad_configuration` for a list without this
  ///   node, `no_input` or `bad_request` for a file that is no backup, `corrupt` for a damaged one,
  ///   `data_in_use` or `data_directory` if the files cannot be made.
  public func run() throws -> Result {
    var configuration = NodeConfiguration(address: address, dataDirectory: dataDirectory)
    configuration.cluster = cluster
    configuration.stateFolder = stateFolder
    try configuration.check()
    var decoder = try Backup.Decoder(path: file)
    let head = try decoder.head()
    let directory = try DataDirectory(path: dataDirectory, port: address.port)
    guard !directory.hasFiles else {
      throw PDBError(
        .dataInUse, "there is a node \(address.port) in '\(dataDirectory)' already",
        hint: "restore into another --data-dir, or move the node's files away")
    }
    // A new cluster, not to be mixed up with the one that the backup is of; but the same for
    // every member that restores it.
    let list = cluster.map(\.description).sorted().joined(separator: ",")
    let origin = "pdb restore \(head.cluster) \(head.mark.revision) \(head.time) \(list)"
    let id = SHA256.hash(data: Bytes(utf8: origin)).first64Bits.text
    var mark = head.mark
    mark.membership = .bootstrap(cluster, cluster: id)
    let staging = try StateStaging(beside: directory.statePath, mark: mark)
    defer { if !directory.hasFiles { directory.discard() } }
    // Where the members know no common secret yet, their starts must be told one.
    let source = SecretSource(directory: directory, configuration: configuration)
    if let secret = try? source.secret(ofNew: id, members: cluster) {
      try directory.keep(secret: secret.text)
    }
    do {
      while let piece = try decoder.piece() { try staging.add(piece) }
      // The new cluster is given a birth of its own.
      try staging.finish(without: SystemKeys.birth)
    } catch let error as PDBError {
      staging.abandon()
      throw error
    } catch {
      staging.abandon()
      throw decoder.damaged
    }
    do {
      try directory.openLog().bootstrap(
        Identity(cluster: id, node: Membership.nodeID(address, cluster: id), address: address),
        SnapshotMark(
          index: mark.appliedIndex, term: mark.appliedTerm, membership: mark.membership))
    } catch {
      throw PDBError(ofFiles: error) ?? error
    }
    return Result(cluster: id, revision: mark.revision, time: head.time.description)
  }
}

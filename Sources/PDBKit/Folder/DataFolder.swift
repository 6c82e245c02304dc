// Which folder holds data, and making one.

import Foundation
import PDBCoordinator
public import PDBModel
import PDBStorage
import PDBStore
import Raft

/// A folder with the files of nodes: `.pdb` of the folder that the user works in.
public struct DataFolder: Equatable, Sendable {
  /// Absolute.
  public let path: String
  /// The ports of the nodes whose files are there, in order; one if the folder is used without a
  /// server.
  public let nodes: [Int]

  /// What the folder is called where the user works.
  public static let name = ".pdb"
  /// The node that a folder's files are of, as long as nobody said otherwise.
  static let standardPort = 4000

  private init(_ path: String) {
    self.path = URL(fileURLWithPath: path).standardizedFileURL.path
    nodes = NodeFiles.nodes(in: path)
  }

  /// The folder that is meant by a path: the data in it, or in its `.pdb`.
  ///
  /// - Throws: `no_input` if there are none.
  public init(at path: String) throws(PDBError) {
    for candidate in [path + "/" + Self.name, path] {
      let folder = DataFolder(candidate)
      if !folder.nodes.isEmpty {
        try folder.checkOwner()
        self = folder
        return
      }
    }
    throw PDBError(
      .noInput, "there are no data in '\(path)'", hint: "'pdb init \(path.shellQuoted)' makes some")
  }

  /// Looks for data in `.pdb` of a folder and of those above it.
  ///
  /// - Returns: `nil` if there are none.
  /// - Throws: `bad_configuration` if what is found belongs to another user.
  public static func find(from start: String) throws(PDBError) -> DataFolder? {
    var place = URL(fileURLWithPath: start).standardizedFileURL
    while true {
      let folder = DataFolder(place.path + "/" + name)
      if !folder.nodes.isEmpty {
        try folder.checkOwner()
        return folder
      }
      let above = place.deletingLastPathComponent()
      guard above.path != place.path, place.path != "/" else { return nil }
      place = above
    }
  }

  private func checkOwner() throws(PDBError) {
    try Ownership(at: path, code: .badConfiguration).checkFolder()
  }

  /// Why what is kept there may not last; `nil` if there is no such reason.
  public var warning: String? { DataDirectory.warning(of: path) }

  /// Whether its files can be changed.
  var isWritable: Bool { FileManager.default.isWritableFile(atPath: path) }

  /// Where nodes would listen, for a client that has not been told where they do.
  public var addresses: [NodeAddress] { nodes.map { NodeAddress(host: "127.0.0.1", port: $0) } }

  /// The nodes that run now, by where they listen.
  public var serving: [NodeAddress] {
    nodes.compactMap { NodeProcess.address(ofNode: $0, in: path) }
  }

  /// The cluster that the data are of, without its birth; `nil` if version 0.1 wrote them.
  public var cluster: ClusterIdentity? {
    nodes.first.flatMap { try? DataDirectory.identity(ofNode: $0, in: path) }
      .map { ClusterIdentity(cluster: $0.cluster, birth: nil) }
  }

  // MARK: Making

  /// Makes `.pdb` in a folder, with a database in it that is empty.
  ///
  /// - Parameter folder: made if it does not exist.
  /// - Returns: what there is now, and whether it was made just now.
  /// - Throws: `data_directory` if it cannot be made.
  public static func make(in folder: String) throws(PDBError) -> (folder: DataFolder, isNew: Bool) {
    let path = folder + "/" + name
    let found = DataFolder(path)
    guard found.nodes.isEmpty else {
      try found.checkOwner()
      return (found, false)
    }
    do {
      let directory = try DataDirectory(path: path, port: standardPort)
      defer { directory.unlock() }
      // Somebody else may have made it meanwhile.
      if directory.hasFiles { return (DataFolder(path), false) }
      do { try fill(directory) } catch {
        directory.discard()
        throw error
      }
    } catch { throw PDBError(ofFolder: error) ?? (error as? PDBError) ?? PDBError(changing: error) }
    return (DataFolder(path), true)
  }

  private static func fill(_ directory: DataDirectory) throws {
    let address = NodeAddress(host: "127.0.0.1", port: standardPort)
    let cluster = UInt64.random(in: 1 ... .max).text
    let identity = Identity(
      cluster: cluster, node: Membership.nodeID(address, cluster: cluster), address: address)
    try directory.openLog(segmentBytes: OpenFolder.segmentBytes).bootstrap(
      identity, .beginning(Membership.bootstrap([address], cluster: cluster)))
    var open = try OpenFolder(directory)
    try open.begin()
    try Data("node_*\n".utf8).write(to: URL(fileURLWithPath: directory.path + "/.gitignore"))
  }
}

// Which place a command means, and why that one.

import Foundation
import PDBKit

/// A place that holds data: where to look for it, and which one must answer there.
struct Place {
  /// What decided, in the order in which they are looked at.
  enum Reason: Equatable {
    case option(String)
    case variable(String)
    /// A setting of a file.
    case setting(String, file: String)
    /// `.pdb` in the folder where the command was typed, or in one above it.
    case found
    case use
    case standard
  }

  let reason: Reason
  /// The remote, if it has a name.
  let remote: Remote?
  /// The folder that has the data, if it needs no server.
  let folder: DataFolder?
  /// The keys of an etcd that hold the data, if no node stands in front of them.
  let etcd: EtcdAddress?
  /// Where nodes are. Empty for an etcd, and for a folder that none serves.
  let addresses: [NodeAddress]
  /// How the nodes are reached, and what they must prove.
  let security: TransportSecurity
  /// Whether only a folder's file says that these are the nodes: then no token goes there, and
  /// they are not remembered.
  let isNamedByFolder: Bool

  /// Where pdb looks when it was told nothing.
  static let standardAddress = NodeAddress(host: "127.0.0.1", port: 4000)

  private init(_ reason: Reason, _ remote: Remote) {
    self.reason = reason
    self.remote = remote
    folder = nil
    etcd = remote.etcd
    addresses = remote.nodes
    security = remote.security
    isNamedByFolder = false
  }

  /// - Parameter words: addresses, or URLs.
  private init(_ reason: Reason, _ words: [String], isNamedByFolder: Bool = false) throws {
    self.reason = reason
    remote = nil
    folder = nil
    etcd = nil
    addresses = try words.map(NodeAddress.init(parsing:))
    security = try TransportSecurity(of: words)
    self.isNamedByFolder = isNamedByFolder
  }

  private init(_ reason: Reason, _ folder: DataFolder) {
    self.reason = reason
    remote = nil
    self.folder = folder
    etcd = nil
    addresses = folder.serving
    security = TransportSecurity()
    isNamedByFolder = false
  }

  private init(_ reason: Reason, _ etcd: EtcdAddress) {
    self.reason = reason
    remote = nil
    folder = nil
    self.etcd = etcd
    addresses = []
    security = TransportSecurity()
    isNamedByFolder = false
  }

  /// The first that says anything: `--db`, `--node`, `--dir`, `PDB_DB`, `PDB_NODES`, `PDB_DIR`, the
  /// nodes of this folder's file, the data of this folder or of one above it, the remote that is in
  /// use, the nodes of the user's own file, the standard address.
  ///
  /// - Throws: `bad_configuration` for a remote that is not there.
  init(_ options: GlobalOptions, _ settings: Settings) throws {
    if let name = options.db {
      self = try Self.named(name, .option("--db"), settings)
    } else if !options.node.isEmpty {
      try self.init(.option("--node"), options.node)
    } else if let path = options.dir {
      self.init(.option("--dir"), try DataFolder(at: path))
    } else {
      self = try Self.configured(settings)
    }
  }

  /// What holds where a command says nothing.
  static func configured(_ settings: Settings) throws -> Place {
    let remote = settings[Setting.remote.rawValue]
    let nodes = settings[Setting.nodes.rawValue]
    if let remote, remote.scope == .environment {
      return try named(remote.text, .variable(remote.origin), settings)
    }
    if nodes?.scope != .environment {
      if let path = folderVariableText {
        return Place(.variable(folderVariable), try DataFolder(at: path))
      }
      if nodes?.scope != .folder,
        let folder = try DataFolder.find(from: FileManager.default.currentDirectoryPath)
      {
        return Place(.found, folder)
      }
    }
    if let nodes, nodes.scope == .environment || nodes.scope == .folder || remote == nil,
      let list = try settings.text(.nodes)
    {
      let words = Setting.words(list)
      return nodes.scope == .environment
        ? try Place(.variable(nodes.origin), words)
        : try Place(
          .setting(nodes.key, file: nodes.origin), words,
          isNamedByFolder: nodes.scope == .folder)
    }
    if let remote {
      let isChosen = remote.scope == .user
      return try named(
        remote.text, isChosen ? .use : .setting(remote.key, file: remote.origin), settings)
    }
    return try Place(.standard, [standardAddress.description])
  }

  /// Names the folder for this terminal.
  static let folderVariable = "PDB_DIR"

  private static var folderVariableText: String? {
    ProcessInfo.processInfo.environment[folderVariable].flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func named(
    _ name: String, _ reason: Reason, _ settings: Settings
  ) throws -> Place {
    if EtcdAddress.isMeant(by: name) { return Place(reason, try EtcdAddress(parsing: name)) }
    // No name of a remote has a colon.
    guard name.contains(":") else { return Place(reason, try settings.remote(name)) }
    _ = try Setting.addresses(name)
    return try Place(reason, Setting.words(name))
  }

  var isStandard: Bool { reason == .standard }

  /// For people: the remote's name, else the addresses.
  var name: String {
    remote?.name ?? folder?.path ?? etcd?.description
      ?? addresses.map(\.description).joined(separator: ",")
  }

  /// The same for a prompt: of a folder the name that the user gave it.
  var shortName: String {
    guard let folder else { return name }
    let url = URL(fileURLWithPath: folder.path)
    return (url.lastPathComponent == DataFolder.name ? url.deletingLastPathComponent() : url)
      .lastPathComponent
  }

  /// What stands for nodes where none is known: nobody is asked there.
  var ownAddresses: [NodeAddress] { folder?.addresses ?? etcd?.endpoints ?? addresses }

  /// Why this place is meant, for `pdb status`.
  var explanation: String {
    switch reason {
    case .option(let name): "given with \(name)"
    case .variable(let name): "set in \(name)"
    case .setting(let key, let file): "'\(key)' in \(file)"
    case .found: "found in this folder or above it"
    case .use: "chosen with 'pdb use'"
    case .standard: "the standard address; nothing else is set"
    }
  }
}

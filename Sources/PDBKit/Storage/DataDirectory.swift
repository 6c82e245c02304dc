// The folder that nodes keep their files in, and the lock that keeps others out.

import Foundation
package import PDBCoordinator
package import PDBModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One node's files in a data directory: see NodeFiles.swift.
///
/// Nodes on one machine may share a directory. One process per node: the lock is held until
/// the process ends, however it ends.
package final class DataDirectory: Sendable {
  /// Absolute.
  package let path: String
  private let port: Int
  private let files: NodeFiles
  private let lock: Int32
  /// Whether the folder was made for this node.
  private let isNew: Bool

  /// Makes the directory if needed and locks the node's files.
  ///
  /// - Throws: `data_directory` if it cannot be made or written, or if other users could change
  ///   what is in it; `data_in_use` if another process has the node's files.
  package convenience init(path: String, port: Int) throws {
    let isNew = !FileManager.default.fileExists(atPath: path)
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw PDBError(
        .dataDirectory, "cannot make the data directory '\(path)': \(Self.reason(error))",
        hint: "choose another with --data-dir")
    }
    try self.init(path, port, isNew: isNew, attempts: Self.patientAttempts)
  }

  /// Locks the files of a node that has been here.
  ///
  /// - Parameter isPatient: whether to wait for others who have them for a moment.
  /// - Throws: `data_in_use` if another process has them.
  package convenience init(existing path: String, port: Int, isPatient: Bool = false) throws {
    try self.init(path, port, isNew: false, attempts: isPatient ? Self.patientAttempts : 1)
  }

  private init(_ path: String, _ port: Int, isNew: Bool, attempts: Int) throws {
    let path = URL(fileURLWithPath: path).standardizedFileURL.path
    self.path = path
    self.port = port
    files = NodeFiles(of: port, in: path)
    self.isNew = isNew
    try Self.checkFolder(path)
    lock = open(files.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard lock >= 0 else {
      let code = errno
      if code == ELOOP { try Ownership(at: files.lock, code: .dataDirectory).checkFile() }
      throw PDBError(
        .dataDirectory, "cannot write to the data directory '\(path)': \(Self.reason(code))",
        hint: "choose another with --data-dir, or change its owner or permissions")
    }
    // From here on `deinit` closes it, also when this throws.
    try Ownership(of: lock, path: files.lock, code: .dataDirectory).checkFile()
    let isFree = Self.take(lock, attempts) {
      NodeProcess.address(ofNode: port, in: path) != nil
    }
    guard isFree else {
      throw PDBError(
        .dataInUse, "the files of node \(port) in '\(path)' are in use by another process",
        hint: "a node with this port and data directory is running already")
    }
    note("\(getpid())")
    // Nobody else makes files now, or removes them.
    for file in files.all { try Ownership(at: file, code: .dataDirectory).checkFile() }
  }

  /// Says in the lock where the node can be reached, to those who want its files.
  package func announce(_ address: NodeAddress) { note("\(getpid()) \(address)") }

  /// For a process that asks which one has the lock: NodeProcess.
  private func note(_ owner: String) {
    let owner = Bytes(utf8: owner + "\n")
    ftruncate(lock, 0)
    _ = pwrite(lock, owner, owner.count, 0)
  }

  /// Lets others have the files.
  package func unlock() { flock(lock, LOCK_UN) }

  deinit { close(lock) }

  /// Nothing is written, or believed, that another user may have put there. The folder comes first:
  /// once nobody else can write to it, what is found in it stays as it is.
  private static func checkFolder(_ path: String) throws {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else {
      throw PDBError(
        .dataDirectory, "cannot read the data directory '\(path)': \(reason(errno))",
        hint: "choose another with --data-dir, or change its owner or permissions")
    }
    defer { close(folder) }
    try Ownership(of: folder, path: path, code: .dataDirectory).checkFolder()
  }

  /// The node's log, which need not exist.
  ///
  /// - Throws: what is wrong with a log of version 0.1, which is taken over.
  ///
  /// - Parameter segmentBytes: what a segment that is begun has at least.
  package func openLog(segmentBytes: Int = LogStore.usualSegmentBytes) throws -> LogStore {
    let log = LogStore(FolderDisk(path: path), name: files.logName, segmentBytes: segmentBytes)
    try log.takeOver(files.oldLog)
    return log
  }

  /// Whose files they are, as the beginning of the log says; `nil` if there is no log, or only that of
  /// version 0.1.
  package static func identity(ofNode port: Int, in folder: String) throws -> Identity? {
    try LogStore(FolderDisk(path: folder), name: NodeFiles(of: port, in: folder).logName).identity
  }

  /// The end of the node's log; see ``LogStore/end``.
  package static func endOfLog(ofNode port: Int, in folder: String) throws -> UInt64? {
    try LogStore(FolderDisk(path: folder), name: NodeFiles(of: port, in: folder).logName).end
  }

  /// Of the node's state.
  package var statePath: String { files.state }

  /// How often the lock is tried, every five milliseconds, by those who wait: commands have it for a
  /// moment, and so have neighbours that look whether the node runs.
  private static let patientAttempts = 1_000

  private static func take(_ lock: Int32, _ attempts: Int, isServed: () -> Bool) -> Bool {
    for attempt in 1...attempts {
      if flock(lock, LOCK_EX | LOCK_NB) == 0 { return true }
      if isServed() { return false }
      if attempt < attempts { usleep(5_000) }
    }
    return false
  }

  /// Leaves no trace of a node that never came to be: neither files nor, if it was made for the
  /// node and holds nothing else, the folder.
  package func discard() {
    for file in files.logFiles { unlink(file) }
    for file in [files.state] {
      for suffix in ["", "-wal", "-shm", "-journal"] { unlink(file + suffix) }
    }
    unlink(files.secret)
    unlink(files.lock)
    if isNew { rmdir(path) }
  }

  /// The secret of the node's cluster; `nil` where only version 0.1 has been, or nobody.
  ///
  /// - Throws: `data_directory` if it cannot be read, or others can read it.
  package var secret: String? {
    get throws { try Self.secret(files) }
  }

  /// The same for a node that may be running.
  package static func secret(ofNode port: Int, in folder: String) throws -> String? {
    try secret(NodeFiles(of: port, in: folder))
  }

  private static func secret(_ files: NodeFiles) throws -> String? {
    guard FileManager.default.fileExists(atPath: files.secret) else { return nil }
    return try SecretFile.read(files.secret, "cluster secret", code: .dataDirectory)
  }

  /// Remembers the secret of the node's cluster.
  package func keep(secret: String) throws {
    if try self.secret != secret { try SecretFile.write(secret, to: files.secret) }
  }

  /// Whether the node has been here before.
  package var hasFiles: Bool { files.hasData }

  /// A node that has no files here, is started beside others and is told of no cluster is more likely
  /// meant to be one of those than a new cluster.
  ///
  /// - Parameter options: what the node was told beside its port and its folder.
  /// - Throws: `bad_configuration` if other nodes have been here.
  package func checkEmpty(options: [String]) throws {
    let others = NodeFiles.ports(in: path).filter {
      $0 != port && NodeFiles(of: $0, in: path).hasData
    }
    guard let first = others.first else { return }
    let names = others.map(String.init).joined(separator: ", ")
    let command = NeighbourFiles.command(
      port: first, directory: path, options: options)
    throw PDBError(
      .badConfiguration,
      others.count == 1
        ? "'\(path)' holds the data of node \(names), not of \(port)"
        : "'\(path)' holds the data of nodes \(names), not of \(port)",
      hint: "for a new cluster choose another --data-dir, to become a member of one say --join; "
        + "to go on with what is there:  \(command)")
  }

  /// Why what is kept in a folder may not last; `nil` if there is no such reason.
  package static func warning(of path: String) -> String? {
    isOnNetwork(path)
      ? "'\(path)' is on a network file system, where locks and syncs may not hold what they promise"
      : nil
  }

  /// Whether a folder is on another machine's disk, as far as the system says so (proc(5), `mountinfo`).
  private static func isOnNetwork(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0,
      let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
    else { return false }
    let (major, minor) = (
      status.st_dev >> 8 & 0xFFF, status.st_dev & 0xFF | status.st_dev >> 12 & 0xFFF00
    )
    return mounts.split(separator: "\n").contains { line in
      let parts = line.split(separator: " ")
      guard parts.count > 3, parts[2] == "\(major):\(minor)",
        let type = parts.drop(while: { $0 != "-" }).dropFirst().first
      else { return false }
      return ["nfs", "nfs4", "cifs", "smb3", "smbfs"].contains(type)
    }
  }

  private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

  private static func reason(_ error: any Error) -> String {
    let error = error as NSError
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
    if underlying?.domain == NSPOSIXErrorDomain, let code = underlying?.code {
      return reason(Int32(code))
    }
    return error.localizedDescription
  }
}

// A whole state in a file.
//
//   "pdb backup 1\n"
//   frame: cluster (text), time (signed milliseconds), mark
//   frames: pieces as StateSnapshot makes them
//   an empty frame
//   SHA-256 of everything before, 32 bytes
//
// A frame is its length as eight bytes, big-endian, and its bytes. Everything else is in
// BinaryWriter's notation. Pieces carry history and request ids too: what was acknowledged
// stays undoable, and repeatable.

import Crypto
import Foundation
import Raft

enum Backup {
  static let magic = Bytes(utf8: "pdb backup 1\n")

  /// What a backup says of itself.
  struct Head {
    let cluster: String
    let time: Timestamp
    let mark: StateMark
  }

  /// Makes the bytes of a backup, part by part.
  struct Encoder {
    private var digest = SHA256()

    private mutating func seal(_ bytes: Bytes) -> Bytes {
      digest.update(data: bytes)
      return bytes
    }

    mutating func head(_ head: Head) -> Bytes {
      var writer = BinaryWriter(capacity: 256)
      writer.write(head.cluster)
      writer.write(head.time.milliseconds)
      writer.write(head.mark)
      return seal(magic + Self.frame(writer.bytes))
    }

    mutating func piece(_ piece: Bytes) -> Bytes { seal(Self.frame(piece)) }

    mutating func end() -> Bytes {
      let end = seal(Self.frame([]))
      return end + Bytes(digest.finalize())
    }

    private static func frame(_ bytes: Bytes) -> Bytes {
      UInt64(bytes.count).bigEndianBytes + bytes
    }
  }

  /// Reads a backup from a file.
  struct Decoder {
    private let path: String
    private let file: FileHandle
    private var digest = SHA256()

    /// - Throws: `bad_request` if the file cannot be read, or is no backup.
    init(path: String) throws {
      self.path = path
      guard let file = FileHandle(forReadingAtPath: path) else {
        throw PDBError(.noInput, "cannot read '\(path)'")
      }
      self.file = file
      guard try read(upTo: magic.count) == magic else {
        throw PDBError(
          .badRequest, "'\(path)' is no backup of pdb",
          hint: "'pdb backup FILE' makes one; 'pdb import' reads exports")
      }
    }

    mutating func head() throws -> Head {
      var reader = BinaryReader(try frame())
      do {
        let head = Head(
          cluster: try reader.readString(),
          time: Timestamp(milliseconds: try reader.readInt64()),
          mark: try reader.readStateMark())
        try reader.finish()
        return head
      } catch is BinaryReader.Malformed { throw damaged }
    }

    /// The next piece; `nil` after the last, when the whole file has proved to be as it was
    /// written.
    mutating func piece() throws -> Bytes? {
      let piece = try frame()
      if !piece.isEmpty { return piece }
      let expected = Bytes(digest.finalize())
      guard try read(expected.count) == expected, try read(upTo: 1).isEmpty else { throw damaged }
      return nil
    }

    private mutating func frame() throws -> Bytes {
      let count = try read(8).reduce(0) { $0 << 8 | UInt64($1) }
      guard count <= UInt64(Limits.snapshotPieceBytes) else { throw damaged }
      return try read(Int(count))
    }

    private mutating func read(_ count: Int) throws -> Bytes {
      let bytes = try read(upTo: count)
      guard bytes.count == count else { throw damaged }
      return bytes
    }

    private mutating func read(upTo count: Int) throws -> Bytes {
      guard count > 0 else { return [] }
      let bytes: Bytes
      do {
        bytes = try file.read(upToCount: count)?.bytes ?? []
      } catch {
        throw PDBError(.noInput, "cannot read '\(path)'", hint: "is it a file?")
      }
      digest.update(data: bytes)
      return bytes
    }

    var damaged: PDBError {
      PDBError(
        .corrupt, "the backup '\(path)' is damaged or incomplete",
        hint: "nothing was restored; take another backup")
    }
  }
}

// MARK: Restoring

/// Makes the files of a new node from a backup.
public struct Restore: Sendable {
  /// The backup.
  public let file: String
  public let dataDirectory: String
  public let address: NodeAddress
  /// All first members of the new cluster; each restores the same backup with the same list.
  public let cluster: [NodeAddress]

  public init(
    file: String, dataDirectory: String, address: NodeAddress, cluster: [NodeAddress]?
  ) {
    self.file = file
    self.dataDirectory = dataDirectory
    self.address = address
    self.cluster = cluster ?? [address]
  }

  /// What was restored.
  public struct Result: Sendable {
    public let cluster: String
    public let revision: UInt64
    /// When the backup was made.
    public let time: String
  }

  /// Writes the files; ``PDBNode`` completes them when it starts.
  ///
  /// - Throws: ``PDBError``; then there is no node either.
  public func run() throws -> Result {
    var configuration = NodeConfiguration(address: address, dataDirectory: dataDirectory)
    configuration.cluster = cluster
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
    let log = try LogStore(path: directory.logPath)
    try log.bootstrap(
      Identity(cluster: id, node: Membership.nodeID(address, cluster: id), address: address),
      SnapshotMark(
        index: mark.appliedIndex, term: mark.appliedTerm, membership: mark.membership))
    try log.close()
    return Result(cluster: id, revision: mark.revision, time: head.time.description)
  }
}

// A whole state in a file.
//
//   "pdb backup 2\n"
//   frame: cluster (text), time (signed milliseconds), mark
//   frames: pieces as StatePiece.swift says
//   an empty frame
//   SHA-256 of everything before, 32 bytes
//
// A frame is its length as eight bytes, big-endian, and its bytes. Everything else is in
// BinaryWriter's notation. Pieces carry history and request ids too: what was acknowledged
// stays undoable, and repeatable. Backups of version 0.1 begin with "pdb backup 1\n"; their marks
// and pieces are those of that version.

import Crypto
import Foundation
package import PDBCoordinator
package import PDBModel
import Raft

package enum Backup {
  static let magic = Bytes(utf8: "pdb backup 2\n")
  private static let oldMagic = Bytes(utf8: "pdb backup 1\n")

  /// What a backup says of itself.
  package struct Head {
    package let cluster: String
    package let time: Timestamp
    package let mark: StateMark

    package init(cluster: String, time: Timestamp, mark: StateMark) {
      self.cluster = cluster
      self.time = time
      self.mark = mark
    }
  }

  /// Makes the bytes of a backup, part by part.
  package struct Encoder {
    private var digest = SHA256()

    package init() {}

    private mutating func seal(_ bytes: Bytes) -> Bytes {
      digest.update(data: bytes)
      return bytes
    }

    package mutating func head(_ head: Head) -> Bytes {
      var writer = BinaryWriter(capacity: 256)
      writer.write(head.cluster)
      writer.write(head.time.milliseconds)
      writer.write(head.mark)
      return seal(magic + Self.frame(writer.bytes))
    }

    package mutating func piece(_ piece: Bytes) -> Bytes { seal(Self.frame(piece)) }

    package mutating func end() -> Bytes {
      let end = seal(Self.frame([]))
      return end + Bytes(digest.finalize())
    }

    private static func frame(_ bytes: Bytes) -> Bytes {
      UInt64(bytes.count).bigEndianBytes + bytes
    }
  }

  /// Reads a backup from a file.
  package struct Decoder {
    private let path: String
    private let file: FileHandle
    private var isOld = false
    private var digest = SHA256()

    /// - Throws: `bad_request` if the file cannot be read, or is no backup.
    package init(path: String) throws {
      self.path = path
      guard let file = FileHandle(forReadingAtPath: path) else {
        throw PDBError(.noInput, "cannot read '\(path)'")
      }
      self.file = file
      let beginning = try read(upTo: magic.count)
      isOld = beginning == oldMagic
      guard beginning == magic || isOld else {
        throw PDBError(
          .badRequest, "'\(path)' is no backup of pdb",
          hint: "'pdb backup FILE' makes one; 'pdb import' reads exports")
      }
    }

    package mutating func head() throws -> Head {
      var reader = BinaryReader(try frame())
      do {
        let head = Head(
          cluster: try reader.readString(),
          time: Timestamp(milliseconds: try reader.readInt64()),
          mark: isOld ? try reader.readOldStateMark() : try reader.readStateMark())
        try reader.finish()
        return head
      } catch is BinaryReader.Malformed { throw damaged }
    }

    /// The next piece; `nil` after the last, when the whole file has proved to be as it was
    /// written.
    package mutating func piece() throws -> Bytes? {
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

    package var damaged: PDBError {
      PDBError(
        .corrupt, "the backup '\(path)' is damaged or incomplete",
        hint: "nothing was restored; take another backup")
    }
  }
}

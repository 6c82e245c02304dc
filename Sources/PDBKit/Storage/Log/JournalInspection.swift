// Looks at a write-ahead log before SQLite does (sqlite.org/fileformat.html, section 4).
//
//   header   magic version page-size sequence salt-1 salt-2 checksum-1 checksum-2
//   frame    page commit-size salt-1 salt-2 checksum-1 checksum-2, then the page
//
// SQLite takes the first frame whose checksum is wrong for the end and forgets what follows.
// After a crash that is right: the last transaction was never confirmed. But where each
// transaction is synced before the next begins, two commits behind a wrong frame mean that
// something confirmed was altered afterwards. Forgetting that would be losing it.

import Foundation
import PDBModel

enum JournalInspection {
  /// Whether the WAL of a database that syncs every transaction was damaged in its middle.
  ///
  /// - Parameter path: of the database.
  static func isDamaged(_ path: String) throws -> Bool {
    let url = URL(fileURLWithPath: path + "-wal")
    guard FileManager.default.fileExists(atPath: url.path) else { return false }
    let bytes = Bytes(try Data(contentsOf: url, options: .mappedIfSafe))
    guard let header = Header(bytes) else { return false }
    var sums = header.sums
    var isIntact = true
    var commits = 0
    var start = 32
    while start + 24 + header.pageSize <= bytes.count {
      // Frames of an earlier use of the file have other salts: there the WAL ends.
      guard header.salts == bytes[start + 8..<start + 16] else {
        return !isIntact && commits > 1
      }
      if isIntact {
        sums.add(bytes[start..<start + 8], header.isBigEndian)
        sums.add(bytes[start + 24..<start + 24 + header.pageSize], header.isBigEndian)
        isIntact =
          sums.first == bytes.bigEndian(at: start + 16)
          && sums.second == bytes.bigEndian(at: start + 20)
      }
      if !isIntact, bytes.bigEndian(at: start + 4) != 0 { commits += 1 }
      start += 24 + header.pageSize
    }
    return !isIntact && commits > 1
  }

  private struct Header {
    let pageSize: Int
    let salts: ArraySlice<UInt8>
    let isBigEndian: Bool
    let sums: Sums

    /// `nil` if the file is no WAL, or its header was never written completely.
    init?(_ bytes: Bytes) {
      guard bytes.count >= 32 else { return nil }
      let magic = bytes.bigEndian(at: 0)
      guard magic | 1 == 0x377F_0683 else { return nil }
      isBigEndian = magic & 1 == 1
      pageSize = Int(bytes.bigEndian(at: 8))
      guard (512...65536).contains(pageSize), pageSize.nonzeroBitCount == 1 else { return nil }
      salts = bytes[16..<24]
      var sums = Sums()
      sums.add(bytes[0..<24], isBigEndian)
      self.sums = sums
    }
  }

  /// The checksum of section 4.2 of the format, carried on from frame to frame.
  private struct Sums {
    var first: UInt32 = 0
    var second: UInt32 = 0

    mutating func add(_ bytes: ArraySlice<UInt8>, _ isBigEndian: Bool) {
      bytes.withUnsafeBytes { raw in
        for offset in stride(from: 0, to: raw.count - 7, by: 8) {
          let one = raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
          let two = raw.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
          first &+= (isBigEndian ? one.bigEndian : one.littleEndian) &+ second
          second &+= (isBigEndian ? two.bigEndian : two.littleEndian) &+ first
        }
      }
    }
  }
}

extension Bytes {
  fileprivate func bigEndian(at offset: Int) -> UInt32 {
    self[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}

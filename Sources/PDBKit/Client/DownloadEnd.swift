// Whether all of a download has come.

import Crypto
import PDBModel

/// Holds an export or a backup against its own end, while it passes: an export's last line says that
/// it is the last, a backup's last bytes are the digest of those before.
struct DownloadEnd {
  private static let digestBytes = 32
  /// Room for an export's last line, and for a digest.
  private static let tailBytes = 64

  private let isBackup: Bool
  private var digest = SHA256()
  /// The last bytes, which are not in the digest yet.
  private var tail: Bytes = []

  /// - Parameter path: what is downloaded.
  init(of path: String) { isBackup = path.hasPrefix("/backup") }

  mutating func take(_ bytes: Bytes) {
    tail += bytes
    let passed = tail.dropLast(Self.tailBytes)
    if isBackup { digest.update(data: passed) }
    tail.removeFirst(passed.count)
  }

  /// Whether what was taken is whole.
  var isReached: Bool {
    guard isBackup else {
      let line = tail.split(separator: UInt8(ascii: "\n")).last ?? []
      return tail.last == UInt8(ascii: "\n")
        && line.starts(with: Bytes(utf8: "{\"pdb_export_end\":"))
    }
    var digest = digest
    digest.update(data: tail.dropLast(Self.digestBytes))
    return tail.suffix(Self.digestBytes).elementsEqual(digest.finalize())
  }
}

// How the end of a download is recognised.

import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBModel
@testable import PDBServer
@testable import PDBStorage

@Suite struct DownloadEndTests {
  private static let export = Bytes(
    utf8: "{\"pdb_export\":1}\n{\"key\":\"a\",\"value\":\"\(String(repeating: "x", count: 99))\"}\n"
      + "{\"pdb_export_end\":18446744073709551615}\n")

  private static var backup: Bytes {
    var encoder = Backup.Encoder()
    let pieces = (0..<3).map { encoder.piece(Bytes(repeating: $0, count: 40)) }
    return pieces.joined() + encoder.end()
  }

  private func isWhole(_ path: String, _ bytes: some Collection<UInt8>, by size: Int) -> Bool {
    var end = DownloadEnd(of: path)
    var rest = Bytes(bytes)[...]
    while !rest.isEmpty {
      end.take(Bytes(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    return end.isReached
  }

  @Test(arguments: [("/export?prefix=a", Self.export), ("/backup", Self.backup)])
  func `the end counts only when everything before it has come, in pieces of any size`(
    path: String, bytes: Bytes
  ) {
    for size in 1...bytes.count {
      #expect(isWhole(path, bytes, by: size))
    }
    for count in 0..<bytes.count {
      #expect(!isWhole(path, bytes.prefix(count), by: 50), "\(count) bytes")
    }
  }

  @Test func `a backup that lacks a part before its end is not whole`() {
    #expect(!isWhole("/backup", Self.backup.dropFirst(48), by: 50))
  }
}

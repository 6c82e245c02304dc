// Data directories that the program of version 0.1 made: Tests/Fixtures/make-0.1.sh says what they hold.

import Foundation
import PDBKit

enum OldData {
  private static let folder =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
    + "/Fixtures/0.1"

  static func file(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  static func json(_ name: String) throws -> JSON { try JSON(parsing: Array(file(name))) }

  /// The lines of a file, which may be compressed.
  static func lines(_ name: String) throws -> [String] {
    let text = name.hasSuffix(".gz") ? try unpacked(name) : try file(name)
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  static func unpacked(_ name: String) throws -> Data {
    try run("gunzip", "-c", "\(folder)/\(name)")
  }

  static func port(of fixture: String) throws -> Int {
    guard let port = try json("\(fixture).status")["port"]?.int64 else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return Int(port)
  }

  static func unpack(_ fixture: String, into directory: String) throws {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    _ = try run("tar", "--no-same-owner", "-xzf", "\(folder)/\(fixture).tar.gz", "-C", directory)
  }

  private static func run(_ words: String...) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileReadUnknown) }
    return data
  }
}

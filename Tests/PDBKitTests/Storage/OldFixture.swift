// Data directories that the program of version 0.1 made: Tests/Fixtures/make-0.1.sh says what they hold.

import Foundation
import GRDB

@testable import PDBModel

/// One of them, unpacked.
final class OldFixture: Sendable {
  static let names = ["lone", "killed", "compacted", "three-1", "three-2", "three-3", "restored"]

  let name: String
  let directory: TemporaryDirectory
  /// What the node said of itself before it was stopped.
  let status: JSON
  let port: Int

  private static let folder =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path + "/Fixtures/0.1"

  init(_ name: String) throws {
    self.name = name
    directory = try TemporaryDirectory()
    status = try JSON(parsing: Bytes(Self.file("\(name).status")))
    port = Int(status["port"]!.int64!)
    let archive = "\(Self.folder)/\(name).tar.gz"
    _ = try Self.run("tar", "--no-same-owner", "-xzf", archive, "-C", directory.path)
  }

  static func file(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  /// The lines of `NAME.export` and the like.
  func lines(_ suffix: String) throws -> [String] {
    let text = try Self.run("gunzip", "-c", "\(Self.folder)/\(name).\(suffix).gz")
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Unpacks a file into the directory and returns its path.
  func unpack(_ file: String) throws -> String {
    let path = "\(directory.path)/\(file)"
    try Self.run("gunzip", "-c", "\(Self.folder)/\(file).gz").write(to: URL(fileURLWithPath: path))
    return path
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

  var oldLog: String { "\(directory.path)/node_\(port).raft" }
  var state: String { "\(directory.path)/node_\(port).db" }
  /// The state as version 0.1 left it.
  var oldState: String { name == "restored" ? "\(state).received-76" : state }

  /// The rows of a table of version 0.1, read from a copy.
  func rows(_ sql: String, in path: String) throws -> [Row] {
    let copy = try TemporaryDirectory()
    for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: path + suffix) {
      try FileManager.default.copyItem(atPath: path + suffix, toPath: "\(copy.path)/copy\(suffix)")
    }
    return try DatabaseQueue(path: "\(copy.path)/copy").read { try Row.fetchAll($0, sql: sql) }
  }

  /// Alters a file of version 0.1 with SQL, as its program left it: with its journal in it.
  func alter(_ path: String, _ sql: String) throws -> Int {
    let queue = try DatabaseQueue(path: path)
    let changes = try queue.write { db in
      try db.execute(sql: sql)
      return db.changesCount
    }
    try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    try queue.close()
    return changes
  }

  /// What all files hold, byte by byte.
  func contents() throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for file in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
      contents[file] = try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(file)"))
    }
    return contents
  }
}

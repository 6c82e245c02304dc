// Files and folders that other users may have put there, or could change.

import Foundation
import Testing

@testable import PDBModel
@testable import PDBStorage

@Suite struct OwnershipTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func refusal(_ port: Int = 4000) -> PDBError? {
    do {
      _ = try DataDirectory(path: directory.path, port: port)
      return nil
    } catch { return error as? PDBError }
  }

  private func setMode(_ mode: Int, _ path: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
  }

  @Test(arguments: ["lock", "log-1", "log-next", "db", "db-wal"])
  func `a link in the place of a node's file is refused, and what it leads to stays`(
    name: String
  ) throws {
    let (victim, link) = (directory.path + "/victim", "\(directory.path)/node_4000.\(name)")
    try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: victim)
    let found = try #require(refusal())
    #expect(found.code == .dataDirectory && found.message.contains(link))
    #expect(found.hint?.hasSuffix("rm \(link)") == true, "\(found.hint ?? "")")
    #expect(FileManager.default.contents(atPath: victim) == Data("precious".utf8))
    // Another node's files are that node's business.
    #expect(refusal(4001) == nil)
  }

  @Test func `a second name of another file is refused, and that file stays`() throws {
    let (victim, link) = (directory.path + "/victim", directory.path + "/node_4000.lock")
    try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
    try FileManager.default.linkItem(atPath: victim, toPath: link)
    let found = try #require(refusal())
    #expect(found.code == .dataDirectory && found.hint?.contains("cp -p") == true)
    #expect(FileManager.default.contents(atPath: victim) == Data("precious".utf8))
  }

  @Test(arguments: [0o777, 0o770, 0o702, 0o1777])
  func `a folder that others can write to is refused with the command that mends it`(
    mode: Int
  ) throws {
    try setMode(mode, directory.path)
    let found = try #require(refusal())
    #expect(found.code == .dataDirectory)
    #expect(found.hint == "chmod 700 \(directory.path)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    try setMode(0o755, directory.path)
    #expect(refusal() == nil)
  }

  @Test func `a file that others can write to is refused`() throws {
    let file = directory.path + "/node_4000.db"
    try Data().write(to: URL(fileURLWithPath: file))
    try setMode(0o666, file)
    #expect(refusal()?.hint == "chmod 600 \(file)")
    try setMode(0o644, file)
    #expect(refusal() == nil)
  }

  /// Only root can give files away.
  @Test(.enabled(if: geteuid() == 0), arguments: [true, false])
  func `what another user owns is refused`(isFolder: Bool) throws {
    let file = directory.path + "/node_4000.db"
    try Data().write(to: URL(fileURLWithPath: file))
    let given = isFolder ? directory.path : file
    #expect(chown(given, 12345, 0) == 0)
    let found = try #require(refusal())
    #expect(found.message.contains("12345"))
    #expect(found.hint?.hasPrefix("chown ") == true && found.hint?.hasSuffix(given) == true)
    #expect(chown(given, 0, 0) == 0)
    #expect(refusal() == nil)
  }

  @Test func `a folder that is made is its owner's alone`() throws {
    let path = directory.path + "/new"
    let mask = umask(0)
    defer { umask(mask) }
    let made = try DataDirectory(path: path, port: 4000)
    try withExtendedLifetime(made) {
      for (path, mode) in [(path, 0o700), (path + "/node_4000.lock", 0o600)] {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == mode)
      }
    }
  }

  @Test func `a lock that another user could have written names no process`() throws {
    let path = directory.path + "/node_4000.lock"
    let holder = try DataDirectory(path: directory.path, port: 4000)
    try withExtendedLifetime(holder) {
      #expect(NodeProcess.holder(of: path) == getpid())
      try setMode(0o666, path)
      #expect(NodeProcess.holder(of: path) == nil)
    }
  }

  @Test func `a log does not write through a link`() throws {
    let victim = directory.path + "/victim"
    try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
    try FileManager.default.createSymbolicLink(
      atPath: directory.path + "/a", withDestinationPath: victim)
    #expect(throws: DiskFailure.self) { try FolderDisk(path: directory.path).open("a") }
  }

  @Test func `a link to the folder itself is the user's own affair`() throws {
    let link = directory.path + "/link"
    try FileManager.default.createDirectory(
      atPath: directory.path + "/real", withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o700])
    try FileManager.default.createSymbolicLink(
      atPath: link, withDestinationPath: directory.path + "/real")
    _ = try DataDirectory(path: link, port: 4000)
  }
}

// A small disk of its own for each node, so that it can be filled and wiped.

import Foundation

/// A file system in memory.
struct Disk: Sendable {
  let path: String
  let megabytes: Int

  private var ballast: String { "\(path)/ballast" }
  /// Where the node's files are: not the top, which `umount` and `ballast` belong to.
  var data: String { "\(path)/data" }

  func mount() async throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try await Command.run(
      "mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0700", "pdb-chaos", path)
  }

  func unmount() async { await Command.attempt("umount", "--lazy", path) }

  /// Takes all space that is left.
  func fill() async {
    // It reports that it could not write everything, which is what is wanted.
    await Command.attempt(
      "dd", "if=/dev/zero", "of=\(ballast)", "bs=64k", "oflag=append", "conv=notrunc",
      "status=none")
    await Command.attempt(
      "dd", "if=/dev/zero", "of=\(ballast)", "bs=4k", "oflag=append", "conv=notrunc",
      "status=none")
  }

  /// Gives it back.
  func empty() { try? FileManager.default.removeItem(atPath: ballast) }

  /// Removes everything a node has kept.
  func wipe() throws {
    if FileManager.default.fileExists(atPath: data) {
      try FileManager.default.removeItem(atPath: data)
    }
  }

  /// The node's files are those of a copy.
  func putBack(_ directory: String) throws {
    try wipe()
    try FileManager.default.copyItem(atPath: directory, toPath: data)
  }

  /// Keeps a copy of the node's files.
  func copyData(to directory: String) throws {
    try FileManager.default.copyItem(atPath: data, toPath: directory)
  }
}

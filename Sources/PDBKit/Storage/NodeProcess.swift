// Which process has a node's files.

import Foundation
package import PDBModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A node that runs on this machine, as its lock tells.
public struct NodeProcess: Sendable {
  /// The port of the node, which names its files.
  public let port: Int
  /// The id of the process that runs the node.
  public let process: Int32

  /// Finds a node of a data directory that runs now.
  ///
  /// - Parameters:
  ///   - node: its port, or its place among the nodes, counted from 1.
  ///   - directory: the folder of its files.
  /// - Throws: `bad_request` if there is no such node, if it does not run, or if counting means
  ///   nothing: the ports of one lab follow each other.
  public static func find(_ node: Int, in directory: String) throws -> NodeProcess {
    let ports = NodeFiles.ports(in: directory)
    guard !ports.isEmpty else {
      throw PDBError(
        .badRequest, "there is no node in '\(directory)'",
        hint: "'pdb lab up' starts some; --data-dir names another folder")
    }
    let isOneLab = ports.last! - ports[0] == ports.count - 1
    guard ports.contains(node) || isOneLab else {
      throw PDBError(
        .badRequest, "the nodes in '\(directory)' are not of one lab: \(node) may mean several",
        hint: "say which by its port: \(ports.map(String.init).joined(separator: ", "))")
    }
    let port = ports.contains(node) ? node : ports.indices.contains(node - 1) ? ports[node - 1] : 0
    guard port > 0 else {
      throw PDBError(
        .badRequest, "there is no node \(node) in '\(directory)'",
        hint: "there are \(ports.map(String.init).joined(separator: ", "))")
    }
    guard let process = holder(of: NodeFiles(of: port, in: directory).lock) else {
      throw PDBError(
        .badRequest, "node \(port) does not run",
        hint: "start it:  \(restart(port, in: directory))")
    }
    return NodeProcess(port: port, process: process)
  }

  /// The command that starts a node of a data directory, in whichever folder it is typed.
  ///
  /// - Parameters:
  ///   - port: the port of the node.
  ///   - directory: the folder of its files; the command names it absolutely.
  public static func restart(_ port: Int, in directory: String) -> String {
    let path = URL(fileURLWithPath: directory).standardizedFileURL.path
    return NeighbourFiles.command(port: port, directory: path)
  }

  /// The command that starts a node of a data directory again.
  ///
  /// - Parameters:
  ///   - port: the port of the node.
  ///   - directory: the folder of its files; the command names it absolutely.
  /// - Returns: `nil` if the node has no files there, or runs.
  public static func restartIfStopped(_ port: Int, in directory: String) -> String? {
    let files = NodeFiles(of: port, in: directory)
    guard files.hasData, holder(of: files.lock) == nil else { return nil }
    return restart(port, in: directory)
  }

  /// Where a node of a data directory can be reached that runs now; `nil` if none runs, or if it is not
  /// that far.
  package static func address(ofNode port: Int, in directory: String) -> NodeAddress? {
    let words = note(in: NodeFiles(of: port, in: directory).lock)?.split(separator: " ") ?? []
    // What a node that was killed left behind stays until the next one who has the lock.
    guard words.count == 2, let process = Int32(words[0]), kill(process, 0) == 0 || errno == EPERM
    else { return nil }
    return try? NodeAddress(parsing: String(words[1]))
  }

  /// The process that has a lock; `nil` if none has.
  static func holder(of path: String) -> Int32? {
    note(in: path)?.split(separator: " ").first.flatMap { Int32($0) }
  }

  /// What the process that has a lock wrote there; `nil` if none has.
  private static func note(in path: String) -> String? {
    // The process will be sent signals: what another user put there must not name it.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    guard (try? Ownership(of: file, path: path, code: .dataDirectory).checkFile()) != nil,
      flock(file, LOCK_SH | LOCK_NB) != 0
    else { return nil }
    var bytes = Bytes(repeating: 0, count: 512)
    let count = read(file, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

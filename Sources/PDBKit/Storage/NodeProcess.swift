// Which process has a node's files.

import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A node that runs on this machine, as its lock tells.
public struct NodeProcess: Sendable {
  public let port: Int
  public let process: Int32

  /// Finds a node of a data directory that runs now.
  ///
  /// - Parameter node: its port, or its place among the nodes, counted from 1.
  /// - Throws: `bad_request` if there is no such node, or if it does not run.
  public static func find(_ node: Int, in directory: String) throws -> NodeProcess {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let ports = files.compactMap { file in
      file.hasPrefix("node_") && file.hasSuffix(".lock")
        ? Int(file.dropFirst("node_".count).dropLast(".lock".count)) : nil
    }.sorted()
    guard !ports.isEmpty else {
      throw PDBError(
        .badRequest, "there is no node in '\(directory)'",
        hint: "'pdb lab up' starts some; --data-dir names another folder")
    }
    let port = ports.contains(node) ? node : ports.indices.contains(node - 1) ? ports[node - 1] : 0
    guard port > 0 else {
      throw PDBError(
        .badRequest, "there is no node \(node) in '\(directory)'",
        hint: "there are \(ports.map(String.init).joined(separator: ", "))")
    }
    guard let process = holder(of: "\(directory)/node_\(port).lock") else {
      throw PDBError(
        .badRequest, "node \(port) does not run",
        hint: "start it:  pdb node start --port \(port) --data-dir \(directory)")
    }
    return NodeProcess(port: port, process: process)
  }

  /// The process that has a lock; `nil` if nobody has.
  private static func holder(of path: String) -> Int32? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    guard flock(file, LOCK_SH | LOCK_NB) != 0 else { return nil }
    let text = FileManager.default.contents(atPath: path).map {
      String(decoding: $0, as: UTF8.self)
    }
    return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }
}

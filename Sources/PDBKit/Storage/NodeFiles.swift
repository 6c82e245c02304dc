// What the files of a node are called: `node_4000.log-1` and so on, `node_4000.db`, `node_4000.secret`,
// `node_4000.lock`; `node_4000.raft` where version 0.1 has been.

import Foundation

/// The paths of one node's files in a folder, whether they exist or not.
package struct NodeFiles: Sendable {
  let folder: String
  /// What the names of all files begin with, up to a dot.
  private let name: String
  /// What the names of the log's files begin with.
  let logName: String
  /// The log of version 0.1.
  let oldLog: String
  let state: String
  /// The secret of its cluster.
  let secret: String
  /// Locked as long as the node's process lives; holds its process id.
  let lock: String

  private static let prefix = "node_"
  private static let lockSuffix = ".lock"

  package init(of port: Int, in folder: String) {
    name = "\(Self.prefix)\(port)"
    let base = "\(folder)/\(name)"
    self.folder = folder
    logName = "\(name).log"
    oldLog = base + ".raft"
    state = base + ".db"
    secret = base + ".secret"
    lock = base + Self.lockSuffix
  }

  /// Whether the node has been in the folder: a lock alone may be that of a node that never started.
  var hasData: Bool {
    [oldLog, state].contains { FileManager.default.fileExists(atPath: $0) } || !logFiles.isEmpty
  }

  /// Every file of the node that there is.
  var all: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.filter { $0.hasPrefix(name + ".") }.map { "\(folder)/\($0)" }.sorted()
  }

  /// Those of them that hold data.
  package var data: [String] { all.filter { $0 != lock && $0 != secret } }

  /// The files of the log.
  var logFiles: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.filter { $0.hasPrefix(logName + "-") }.map { "\(folder)/\($0)" }
  }

  /// The ports of the nodes that have been in a folder, in order.
  package static func nodes(in folder: String) -> [Int] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let ports = files.compactMap { file in
      file.hasPrefix(prefix)
        ? file.dropFirst(prefix.count).split(separator: ".").first.flatMap { Int($0) } : nil
    }
    return Set(ports).filter { NodeFiles(of: $0, in: folder).hasData }.sorted()
  }

  /// The ports of the nodes whose locks are in a folder, in order.
  static func ports(in folder: String) -> [Int] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.compactMap { file in
      file.hasPrefix(prefix) && file.hasSuffix(lockSuffix)
        ? Int(file.dropFirst(prefix.count).dropLast(lockSuffix.count)) : nil
    }.sorted()
  }
}

// A folder that can only be read: what its log has and its state lacks has to be applied somewhere.

import Foundation
import PDBModel
import PDBStorage

/// A copy of one node's files, in a folder of its own that goes with it.
final class FolderCopy: Sendable {
  let path: String

  /// - Throws: `data_directory` if the files cannot be read or copied.
  init(of node: Int, in folder: String) throws {
    path = FileManager.default.temporaryDirectory.path + "/pdb-" + UUID().uuidString
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      for file in NodeFiles(of: node, in: folder).data {
        let name = (file as NSString).lastPathComponent
        try FileManager.default.copyItem(atPath: file, toPath: path + "/" + name)
        try FileManager.default.setAttributes(
          [.posixPermissions: 0o600], ofItemAtPath: path + "/" + name)
      }
    } catch {
      try? FileManager.default.removeItem(atPath: path)
      throw PDBError(
        .dataDirectory,
        "'\(folder)' cannot be written, and no copy of it can be made: \(error.localizedDescription)"
      )
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

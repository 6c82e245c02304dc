// Reading everything in a folder once, to see whether it is what was written.

import PDBCoordinator
public import PDBModel
import PDBStorage

extension DataFolder {
  /// What was found of the files of one node.
  public struct Verification: Sendable {
    /// The port that names the node's files.
    public let node: Int
    /// What was found.
    public let finding: Finding

    /// Whether files are what was written.
    public enum Finding: Sendable {
      /// Every frame of the log and every row of the state is; the state is at this revision.
      case sound(revision: UInt64)
      /// The node runs, and verifies its files itself every ten minutes.
      case running
      /// They are not, or cannot be read.
      case damaged(PDBError)
    }
  }

  /// Reads all files of the nodes in the folder that do not run.
  ///
  /// - Complexity: O(size of the files).
  public func verify() -> [Verification] {
    nodes.map { node in Verification(node: node, finding: verify(node)) }
  }

  private func verify(_ node: Int) -> Verification.Finding {
    do {
      let copy = isWritable ? nil : try FolderCopy(of: node, in: path)
      let directory = try DataDirectory(existing: copy?.path ?? path, port: node, isPatient: true)
      defer { directory.unlock() }
      let log = try directory.openLog()
      guard let contents = try log.load() else { throw SQLite.damaged(log.path, "it is not there") }
      let state = try OpenFolder.state(in: directory, of: log, contents)
      defer { try? state.closeFiles() }
      try state.verify()
      return .sound(revision: state.mark().revision)
    } catch let error as PDBError where error.code == .dataInUse {
      return .running
    } catch {
      return .damaged(
        PDBError(ofFolder: error) ?? error as? PDBError
          ?? PDBError(.diskFailed, "the files of node \(node) could not be read: \(error)"))
    }
  }
}

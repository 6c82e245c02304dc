// The engine of a folder: the coordinator of a cluster of one, driven without a process of its own.
//
//   lock -> what others have written since -> coordinator -> one frame of the log, one sync -> state
//
// Every change and every question has the lock of the files for a moment, so that programs take turns.
// What was opened is kept, and used again if nobody has written to the log meanwhile.

import NIOConcurrencyHelpers
package import PDBCoordinator
package import PDBLocal
package import PDBModel
package import PDBStorage
package import PDBStore

/// Makes operations durable in a folder that no node serves.
package final class FolderEngine: StateEngine {
  private let folder: DataFolder
  /// How long to wait while another program has the files.
  private let patience: Duration
  private let opened = NIOLockedValueBox<OpenFolder?>(nil)
  /// Where the files are read from if they cannot be written.
  private let copy = NIOLockedValueBox<FolderCopy?>(nil)

  init(_ folder: DataFolder, patience: Duration) {
    self.folder = folder
    self.patience = patience
  }

  /// In its turn nobody else writes.
  package var isCurrent: Bool { true }

  /// What is kept of the order of tasks is kept for one list only.
  package var comebacks: Int { 0 }

  package func leaseTime(_ mark: StateMark) -> UInt64 { OpenFolder.leaseTime(mark) }

  package func grantTime() async throws -> UInt64 {
    try await read(.linearizable, .keys) { OpenFolder.leaseTime($1) }
  }

  package func propose(_ operation: StampedOperation) async throws -> Receipt {
    guard folder.isWritable || !folder.serving.isEmpty else { throw folder.isReadOnly }
    return try await inTurn { try $0.propose(operation) }
  }

  package func read<T: Sendable>(
    _ consistency: Consistency, _ reach: ReadReach,
    _ body: @escaping @Sendable (any StateView, StateMark) throws -> T
  ) async throws -> T {
    try await inTurn { try $0.read(body) }
  }

  package func snapshot(_ consistency: Consistency) async throws -> StateSnapshot {
    try await inTurn { try $0.snapshot() }
  }

  /// How far the log has come, for those who only want to know whether it goes on; `nil` if that is not
  /// known.
  var endOfLog: UInt64? {
    folder.nodes.first.flatMap { try? DataDirectory.endOfLog(ofNode: $0, in: folder.path) }
  }

  /// Runs `body` on the files while nobody else has them.
  ///
  /// - Throws: `data_in_use` if others have them for too long, or if nodes must be asked
  ///   (``PDBError/servingNodes``).
  func inTurn<T>(_ body: (inout OpenFolder) throws -> T) async throws -> T {
    let directory = try await take()
    defer { directory.unlock() }
    do {
      return try opened.withLockedValue { opened in
        var folder: OpenFolder
        if let kept = opened.take(), try kept.isCurrent {
          folder = kept
        } else {
          folder = try OpenFolder(directory)
        }
        // What cannot be written down now will be by others; it is no longer there all the same.
        try? folder.expireLeases()
        do {
          let result = try body(&folder)
          opened = folder
          return result
        } catch let error as PDBError {
          // What the data object to. After any other failure the files are opened anew.
          opened = folder
          throw error
        }
      }
    } catch { throw PDBError(ofFolder: error) ?? error }
  }

  /// A folder that can only be read is not changed by others while it is.
  private func readablePath(_ node: Int) throws -> String {
    guard folder.serving.isEmpty else { throw folder.mustAskNodes }
    return try copy.withLockedValue { copy in
      let made = try copy ?? FolderCopy(of: node, in: folder.path)
      copy = made
      return made.path
    }
  }

  /// Takes the lock.
  private func take() async throws -> DataDirectory {
    guard folder.nodes.count == 1 else { throw folder.mustAskNodes }
    let node = folder.nodes[0]
    if !folder.isWritable { return try DataDirectory(existing: try readablePath(node), port: node) }
    let end = ContinuousClock.now + patience
    while true {
      do {
        return try DataDirectory(existing: folder.path, port: node)
      } catch let error as PDBError where error.code == .dataInUse {
        // Another program has its turn, or a node does.
        if !folder.serving.isEmpty { throw folder.mustAskNodes }
        guard ContinuousClock.now < end else { throw folder.isBusy }
        try await Task.sleep(for: .microseconds(.random(in: 300...2_000)))
      }
    }
  }
}

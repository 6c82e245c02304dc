// Backups: whole and as they were written, or refused.

import Foundation
import Raft
import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBImport
@testable import PDBModel
@testable import PDBServer
@testable import PDBStorage
@testable import PDBStore

@Suite struct BackupTests {
  private let directory: TemporaryDirectory
  private let file: String

  init() throws {
    directory = try TemporaryDirectory()
    file = directory.path + "/backup"
  }

  /// A backup of a state with a history.
  private func makeBackup() async throws -> StateMark {
    let store = try StateStore(path: directory.path + "/original.db")
    let entries = (1...50).map { index in
      let stamp = Stamp(
        time: Timestamp(milliseconds: Int64(index)), author: "an",
        request: RequestID(id: "r\(index)", fingerprint: 1, firstSent: nil))
      let operation = PDBModel.Operation.increment(key: [UInt8(97 + index % 7)], by: 1)
      return Entry(
        index: Index(index), term: 3,
        payload: .operation(StampedOperation(stamp: stamp, operation: operation).encoded()))
    }
    let (_, mark) = try store.apply(entries)
    let snapshot = try store.snapshot()
    var encoder = Backup.Encoder()
    var bytes = encoder.head(
      Backup.Head(cluster: "old", time: Timestamp(milliseconds: 7), mark: mark))
    var position = StateSnapshot.Position.beginning(.current)
    while true {
      if case .end = position { break }
      let piece = try await snapshot.piece(at: position)
      bytes += encoder.piece(piece.bytes)
      position = piece.next
    }
    try Data(bytes + encoder.end()).write(to: URL(fileURLWithPath: file))
    return mark
  }

  private func restore(_ port: Int = 4000) throws -> Restore.Result {
    try Restore(
      file: file, dataDirectory: directory.path + "/new",
      address: NodeAddress(host: "127.0.0.1", port: port), cluster: nil
    ).run()
  }

  @Test func `a restored node has the state, the history and the requests`() async throws {
    let mark = try await makeBackup()
    let result = try restore()
    #expect(result.revision == 50 && result.cluster != "old")
    let log = LogStore(FolderDisk(path: directory.path + "/new"), name: "node_4000.log")
    let contents = try #require(try log.load())
    #expect(contents.mark.index == mark.appliedIndex && contents.hardState.term == 3)
    let path = directory.path + "/new/node_4000.db"
    try StateStore.recover(path, logBegin: contents.mark)
    let store = try StateStore(path: path)
    try store.verify()
    #expect(store.mark().hash == mark.hash)
    #expect(store.mark().membership.members.map(\.address) == ["127.0.0.1:4000"])
    let changes = try await store.read { view, _ in
      try view.revision(49).map { try view.changes(of: $0) }
    }
    let change = try #require(changes?.first)
    #expect(changes?.count == 1 && change.before?.revision == 42 && change.after == [0x37])
  }

  @Test func `a node that is there is not written over`() async throws {
    _ = try await makeBackup()
    _ = try restore()
    #expect(PDBError.code { _ = try restore() } == .dataInUse)
  }

  @Test func `a backup that was cut short or altered anywhere is refused, and leaves nothing`()
    async throws
  {
    _ = try await makeBackup()
    let whole = try #require(FileManager.default.contents(atPath: file))
    var damaged = stride(from: 0, to: whole.count, by: 97).map { whole.prefix($0) }
    damaged.append(whole + [0])
    for position in stride(from: 0, to: whole.count, by: 41) {
      var copy = whole
      copy[position] ^= 1
      damaged.append(copy)
    }
    for bytes in damaged {
      try bytes.write(to: URL(fileURLWithPath: file))
      #expect(PDBError.code { _ = try restore() } != nil)
    }
    #expect(!FileManager.default.fileExists(atPath: directory.path + "/new"))
    try whole.write(to: URL(fileURLWithPath: file))
    #expect(try restore().revision == 50)
  }
}

// Opening a state: what is mended, and what must be left alone.

import Foundation
import GRDB
import Logging
import Testing

@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBStorage
@testable import Raft

@Suite struct StateOpeningTests {
  @Test func `a state of a newer version is refused and left alone, not made anew`() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/node_1.db"
    let log = LogStore(FolderDisk(path: directory.path), name: "node_1.log")
    let membership = Membership([Member(id: 1, address: "127.0.0.1:1", rank: 1)])
    let identity = Identity(
      cluster: "c", node: 1, address: NodeAddress(host: "127.0.0.1", port: 1))
    try log.bootstrap(identity, .beginning(membership))
    try StateStore(path: path, membership: membership).closeFiles()
    func version() throws -> Int? {
      try SQLite.plainQueue(path).read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
    }
    try await SQLite.plainQueue(path).write {
      try $0.execute(sql: "PRAGMA user_version = 99")
    }
    let opening = StateOpening(
      path: path, log: log, trust: try PeerTrust(ClusterSecret("the secret of a test")),
      logger: Logger(label: "test"))
    await #expect {
      _ = try await opening.open(LogContents(identity, .beginning(membership)))
    } throws: {
      ($0 as? PDBError)?.code == .corrupt
    }
    #expect(try version() == 99)
    #expect(!FileManager.default.fileExists(atPath: path + ".damaged"))
  }
}

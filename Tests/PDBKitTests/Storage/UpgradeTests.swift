// What version 0.1 left behind is taken over: all of it, or nothing.

import Foundation
import GRDB
import MemoryFiles
import Testing

@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBStorage
@testable import PDBStore
@testable import Raft

@Suite struct UpgradeTests {
  /// The log and the state of a directory, as a node that starts has them.
  private func start(_ fixture: OldFixture) throws -> (LogContents, StateStore) {
    let directory = try DataDirectory(path: fixture.directory.path, port: fixture.port)
    let contents = try #require(try directory.openLog().load())
    try StateStore.recover(directory.statePath, logBegin: contents.mark)
    return (contents, try StateStore(path: directory.statePath))
  }

  // MARK: The log

  @Test(arguments: OldFixture.names)
  func `the log is taken over`(name: String) throws {
    let fixture = try OldFixture(name)
    let rows = try fixture.rows("SELECT * FROM entry ORDER BY position", in: fixture.oldLog)
    let directory = try DataDirectory(path: fixture.directory.path, port: fixture.port)
    let contents = try #require(try directory.openLog().load())
    #expect(contents.identity.cluster == fixture.status["cluster"]?.string)
    #expect(contents.identity.node.text == fixture.status["node"]?.string)
    #expect(contents.identity.incarnation.text == fixture.status["incarnation"]?.string)
    #expect(contents.identity.address.description == fixture.status["address"]?.string)
    // The copy of this one that told its status had begun a term and written two entries.
    let isStarted = name != "restored"
    if isStarted {
      #expect(contents.lastIndex == fixture.status["last"]?.uint64)
      #expect(contents.mark.index + 1 == fixture.status["log_first"]?.uint64)
      #expect(contents.hardState.term == fixture.status["term"]?.uint64)
    } else {
      #expect(contents.lastIndex == 76 && contents.entries.isEmpty)
    }
    let counted = rows.filter { UInt64(sqlite: $0["position"]) > contents.mark.index }
    #expect(contents.entries.map(\.index.sqlite) == counted.map { $0["position"] })
    #expect(contents.entries.map(\.term.sqlite) == counted.map { $0["term"] })
    #expect(contents.entries.map { Data($0.payload.content) } == counted.map { $0["payload"] })
    if name == "compacted" { #expect(rows.count == 1001 && counted.count == 500) }
  }

  @Test func `members and whom they met are taken over with the log`() throws {
    let fixture = try OldFixture("three-1")
    let peers = try fixture.rows("SELECT * FROM peer", in: fixture.oldLog)
    let directory = try DataDirectory(path: fixture.directory.path, port: fixture.port)
    let log = try directory.openLog()
    let contents = try #require(try log.load())
    #expect(
      contents.membership.members.map(\.address) == [
        "127.0.0.1:24006", "127.0.0.1:24007", "127.0.0.1:24008",
      ])
    #expect(contents.membership.removed.map(\.text) == ["de8f668d3388bcdd"])
    #expect(peers.count == 3)
    let met = peers.map { (NodeID(sqlite: $0[0]), UInt64(sqlite: $0[1])) }
    #expect(log.incarnations == Dictionary(uniqueKeysWithValues: met))
  }

  @Test(arguments: OldFixture.names)
  func `a log that was taken over is not taken over again`(name: String) throws {
    let fixture = try OldFixture(name)
    let directory = try DataDirectory(path: fixture.directory.path, port: fixture.port)
    let log = try directory.openLog()
    let first = LogModel(try #require(try log.load()))
    // What is left says to version 0.1 that it is not for it, and holds nothing.
    #expect(try fixture.rows("SELECT format FROM identity", in: fixture.oldLog)[0][0] == 3)
    #expect(try fixture.rows("SELECT * FROM entry", in: fixture.oldLog).isEmpty)
    var batch = Persist(number: 1)
    batch.hardState = HardState(term: 99)
    batch.entries = [Entry(index: first.lastIndex + 1, term: 99, payload: .noop)]
    try log.append([batch])
    var expected = first
    expected.write(batch)
    #expect(try directory.openLog().load().map(LogModel.init) == expected)
  }

  @Test func `taking over can be interrupted anywhere, and is completed by the next attempt`()
    throws
  {
    var expected: LogModel?
    var attempts = 0
    for count in 0... {
      let fixture = try OldFixture("lone")
      let disk = MemoryDisk()
      disk.fail(after: count, .crash, doneBytes: 700)
      let isDone = (try? LogStore(disk, name: "log").takeOver(fixture.oldLog)) == true
      #expect(isDone == !disk.heal())
      var random = SplitMix64(seed: UInt64(count))
      let all = [disk.afterKill(), disk.afterPowerCut(&random), disk.afterPowerCut(&random)]
      for (number, disk) in all.enumerated() {
        // Each of them goes on from the old log as the first attempt left it.
        let copy = try TemporaryDirectory()
        let path = copy.path + "/log.raft"
        try FileManager.default.copyItem(atPath: fixture.oldLog, toPath: path)
        for round in 0..<2 {
          let store = LogStore(disk, name: "log")
          #expect(try store.takeOver(path) == (round == 0 && !isDone), "\(count) \(number)")
          let contents = LogModel(try #require(try store.load()))
          #expect(contents == expected ?? contents && contents.lastIndex == 76)
          expected = contents
        }
        let after = disk.afterPowerCut(names: 0) { _, _ in false }
        #expect(try LogStore(after, name: "log").load().map(LogModel.init) == expected)
      }
      attempts += 1
      if isDone { break }
    }
    #expect(attempts > 8)
  }

  static let logAlterations = [
    "UPDATE entry SET payload = X'0207' WHERE position = 20",
    "UPDATE entry SET term = 0 WHERE position = 20",
    "UPDATE entry SET kind = 0 WHERE position = 20",
    "UPDATE entry SET checksum = 0 WHERE position = 20",
    "UPDATE entry SET position = 500 WHERE position = 20", "DELETE FROM entry WHERE position = 20",
    "DELETE FROM hard_state", "UPDATE hard_state SET term = 0", "UPDATE hard_state SET term = 9",
    "UPDATE hard_state SET vote = 5", "UPDATE hard_state SET checksum = 0",
    "UPDATE mark SET position = 1", "DELETE FROM mark", "UPDATE mark SET term = 1",
    "UPDATE mark SET membership = X'01'", "UPDATE mark SET checksum = 0",
    "UPDATE identity SET node = 5", "UPDATE identity SET cluster = 'c'",
    "UPDATE identity SET address = '127.0.0.1:1'", "UPDATE identity SET incarnation = 5",
    "UPDATE identity SET checksum = 0", "UPDATE identity SET format = 1",
  ]

  @Test(arguments: logAlterations)
  func `a damaged log is refused and left as it is`(sql: String) throws {
    let fixture = try OldFixture("lone")
    #expect(try fixture.alter(fixture.oldLog, sql) == 1)
    let rows = try fixture.rows("SELECT * FROM entry", in: fixture.oldLog)
    let directory = try DataDirectory(path: fixture.directory.path, port: fixture.port)
    #expect(PDBError.code { _ = try directory.openLog() } == .corrupt)
    #expect(PDBError.code { _ = try directory.openLog() } == .corrupt)
    #expect(try fixture.rows("SELECT * FROM entry", in: fixture.oldLog) == rows)
    #expect(try !fixture.contents().keys.contains { $0.contains(".log-") })
  }

  @Test func `a file in the place of the old log that is no database is refused and left alone`()
    throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/node_4000.raft"
    let garbage = Data(repeating: 0x41, count: 5000)
    try garbage.write(to: URL(fileURLWithPath: path))
    let files = try DataDirectory(path: directory.path, port: 4000)
    #expect(PDBError.code { _ = try files.openLog() } == .corrupt)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == garbage)
  }

  @Test func `an old log that was never begun is no log`() throws {
    let fixture = try OldFixture("lone")
    #expect(try fixture.alter(fixture.oldLog, "DELETE FROM identity") == 1)
    let log = LogStore(MemoryDisk(), name: "log")
    #expect(try !log.takeOver(fixture.oldLog))
    #expect(try log.load() == nil)
  }

  // MARK: The state

  @Test(arguments: OldFixture.names)
  func `keys, values, history and requests are taken over`(name: String) async throws {
    let fixture = try OldFixture(name)
    let old = try fixture.rows("SELECT * FROM mark", in: fixture.oldState)[0]
    let requests = try fixture.rows(
      "SELECT * FROM request ORDER BY log_index", in: fixture.oldState)
    let (contents, store) = try start(fixture)
    try store.verify()
    let mark = store.mark()
    #expect(mark.version == .first && mark.forgottenRevision == 0)
    #expect(mark.appliedIndex.sqlite == old["applied_index"])
    #expect(mark.appliedTerm.sqlite == old["applied_term"])
    #expect(mark.revision.sqlite == old["revision"] && mark.oldHash.sqlite == old["hash"])
    #expect(mark.comparedHash == mark.oldHash)
    #expect(mark.forgotten.milliseconds == old["forgotten"])
    #expect(mark.compactedRevision.sqlite == old["compacted_revision"])
    #expect(mark.historyBytes.sqlite == old["history_bytes"])
    try await expect(requests, in: store)

    // What the log has more than the state is applied when a leader commits it.
    _ = try store.apply(contents.entries.filter { $0.index > mark.appliedIndex })
    try store.commitPending()
    try await expectExport(fixture, store)
    try await expectHistory(fixture, store)
    guard name != "restored" else { return }
    #expect(store.mark().comparedHash.text == fixture.status["hash"]?.string)
    #expect(store.mark().revision == fixture.status["revision"]?.uint64)
    #expect(store.mark().membership == contents.membership)
  }

  private func expect(_ rows: [Row], in store: StateStore) async throws {
    let ids = rows.map { $0["id"] as String }
    let requests = try await store.current.read { db in
      try ids.map { try StateTables(db: db).request($0) }
    }
    #expect(requests.count == rows.count)
    for (row, request) in zip(rows, requests) {
      let request = try #require(request)
      #expect(request.index.sqlite == row["log_index"])
      #expect(request.fingerprint.sqlite == row["fingerprint"])
      #expect(request.time.milliseconds == row["time"])
      #expect(Data(request.answer) == row["answer"])
      // The revision stands in the answer, too.
      let revision = try RememberedAnswer(decoding: request.answer).revision
      #expect(revision == request.revision && request.revision > 0)
    }
  }

  private func expectExport(_ fixture: OldFixture, _ store: StateStore) async throws {
    let lines = try fixture.lines("export")
    let pairs = try await store.read { view, _ in
      var pairs: [String] = []
      try view.scan(from: SystemKeys.firstUserKey, to: nil, reversed: false) { key, stored in
        let pair = Pair(key: key, value: stored.value, revision: stored.revision)
        pairs.append(String(decoding: pair.json.serialized(), as: UTF8.self))
        return true
      }
      return pairs
    }
    #expect(pairs.count == lines.count - 2 && !pairs.isEmpty)
    for (pair, line) in zip(pairs, lines.dropFirst()) { #expect(pair == line) }
  }

  private func expectHistory(_ fixture: OldFixture, _ store: StateStore) async throws {
    let lines = try fixture.lines("log")
    let (revisions, mark) = try await store.read { view, mark in
      var revisions: [String] = []
      try view.scanHistory(from: 0, through: .max, reversed: false) { record in
        let made = RecordedRevision(record, try view.changes(of: record))
        revisions.append(String(decoding: Revision(made).json.serialized(), as: UTF8.self))
        return true
      }
      return (revisions, mark)
    }
    #expect(revisions.count == Int(mark.revision - mark.compactedRevision))
    #expect(revisions.count == lines.count)
    for (revision, line) in zip(revisions, lines) { #expect(revision == line) }
  }

  @Test(arguments: OldFixture.names)
  func `a state that was taken over is not taken over again, and what is left over goes`(
    name: String
  ) async throws {
    let fixture = try OldFixture(name)
    for suffix in [".incoming-abc", ".received-1"] {
      try Data([1, 2, 3]).write(to: URL(fileURLWithPath: fixture.state + suffix))
    }
    let (contents, store) = try start(fixture)
    let mark = store.mark()
    let once = try await everything(in: store)
    try store.current.close()
    for _ in 0..<2 {
      #expect(try !StateUpgrade.run(fixture.state))
      try StateStore.recover(fixture.state, logBegin: contents.mark)
      let again = try StateStore(path: fixture.state)
      #expect(again.mark() == mark)
      #expect(try await everything(in: again) == once)
      try again.current.close()
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path)
    #expect(!files.contains { $0.contains("incoming") || $0.contains("received") }, "\(files)")
  }

  private func everything(in store: StateStore) async throws -> [[Row]] {
    try await store.current.read { db in
      try ["version", "revision", "aside", "request", "mark"].map {
        try Row.fetchAll(db, sql: "SELECT * FROM \($0) ORDER BY 1")
      }
    }
  }

  static let stateAlterations = [
    "UPDATE history SET changes = X'00' WHERE revision = 31",
    "UPDATE history SET changes = X'01' WHERE revision = 31",
    "DELETE FROM history WHERE revision = 20", "UPDATE mark SET hash = 1",
    "UPDATE mark SET applied_index = 0", "UPDATE mark SET applied_term = 0",
    "UPDATE mark SET revision = 62", "UPDATE mark SET forgotten = 0",
    "UPDATE mark SET compacted_revision = 1", "UPDATE mark SET history_bytes = 0",
    "UPDATE mark SET membership = X'01'", "UPDATE mark SET checksum = 0", "DELETE FROM mark",
  ]

  @Test(arguments: stateAlterations)
  func `a damaged state is refused and left as it is`(sql: String) throws {
    let fixture = try OldFixture("lone")
    #expect(try fixture.alter(fixture.oldState, sql) >= 1)
    try expectRefused(fixture)
  }

  static let pairAlterations = [
    "UPDATE pair SET value = X'39' WHERE ", "UPDATE pair SET revision = 1 WHERE ",
    "UPDATE pair SET key = X'7A7A' WHERE ", "DELETE FROM pair WHERE ",
  ]

  @Test(arguments: pairAlterations)
  func `a damaged value is refused if the history does not know it`(sql: String) throws {
    let fixture = try OldFixture("compacted")
    let old = try fixture.rows(
      "SELECT key FROM pair, mark WHERE pair.revision <= compacted_revision AND key > X'01' LIMIT 1",
      in: fixture.state)
    let key = (old[0][0] as Data).map { String(format: "%02X", $0) }.joined()
    #expect(try fixture.alter(fixture.state, "\(sql) key = X'\(key)'") == 1)
    try expectRefused(fixture)
  }

  @Test(arguments: pairAlterations + ["INSERT INTO pair SELECT X'7A7A', X'31', 1 FROM pair WHERE "])
  func `a damaged value is taken from the history if that knows it`(sql: String) async throws {
    let fixture = try OldFixture("lone")
    #expect(try fixture.alter(fixture.state, "\(sql) key = CAST('greeting' AS BLOB)") == 1)
    let (contents, store) = try start(fixture)
    try store.verify()
    _ = try store.apply(contents.entries.filter { $0.index > store.mark().appliedIndex })
    try await expectExport(fixture, store)
    try await expectHistory(fixture, store)
  }

  private func expectRefused(_ fixture: OldFixture) throws {
    let tables = ["SELECT * FROM pair", "SELECT * FROM history", "SELECT * FROM mark"]
    let before = try tables.map { try fixture.rows($0, in: fixture.state) }
    for _ in 0..<2 {
      #expect(PDBError.code { try StateUpgrade.run(fixture.state) } == .corrupt)
    }
    let after = try tables.map { try fixture.rows($0, in: fixture.state) }
    #expect(after == before)
    let files = try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path)
    #expect(!files.contains { $0.contains("incoming") }, "\(files)")
  }

  @Test func `a bit that was flipped in a value is noticed or made good, wherever it stands`()
    async throws
  {
    var offsets: [Int] = []
    var refused = 0
    repeat {
      let fixture = try OldFixture("lone")
      let url = URL(fileURLWithPath: fixture.state)
      var file = try Data(contentsOf: url)
      let text = Data("xin chào, các bạn".utf8)
      guard
        let place = file.range(of: text, in: (offsets.last ?? file.startIndex)..<file.endIndex)
      else { break }
      offsets.append(place.upperBound)
      file[place.lowerBound + 3] ^= 4
      try file.write(to: url)
      do {
        try StateUpgrade.run(fixture.state)
        let store = try StateStore(path: fixture.state)
        try store.verify()
        try await expectExport(fixture, store)
      } catch let error as PDBError {
        #expect(error.code == .corrupt)
        refused += 1
        #expect(try Data(contentsOf: url)[place] == file[place])
      }
    } while true
    #expect(offsets.count >= 2 && refused >= 1)
  }

  @Test func `a state that a newer program wrote is refused and left alone`() throws {
    let fixture = try OldFixture("lone")
    _ = try fixture.alter(fixture.state, "PRAGMA user_version = 9")
    let before = try fixture.contents()
    #expect(PDBError.code { try StateUpgrade.run(fixture.state) } == .corrupt)
    #expect(try fixture.contents()["node_24001.db"] == before["node_24001.db"])
  }

  @Test func `a backup of version 0.1 is restored`() async throws {
    let fixture = try OldFixture("lone")
    let restored = try TemporaryDirectory()
    let result = try Restore(
      file: try fixture.unpack("lone.backup"), dataDirectory: restored.path,
      address: NodeAddress(host: "127.0.0.1", port: 4000), cluster: nil
    ).run()
    #expect(result.revision == 61)
    let directory = try DataDirectory(path: restored.path, port: 4000)
    let contents = try #require(try directory.openLog().load())
    #expect(contents.mark.index == 76)
    try StateStore.recover(directory.statePath, logBegin: contents.mark)
    let store = try StateStore(path: directory.statePath)
    try store.verify()
    try await expectExport(fixture, store)
    try await expectHistory(fixture, store)
    let requests = try fixture.rows("SELECT * FROM request", in: fixture.oldState)
    #expect(requests.count == 48)
    try await expect(requests, in: store)
    #expect(try await store.read { view, _ in try view.get(SystemKeys.birth) } == nil)
  }

  // MARK: Pieces

  @Test(arguments: [UInt64](0..<12))
  func `a state that goes to a node of version 0.1 and comes back is the same`(
    seed: UInt64
  ) async throws {
    let directory = try TemporaryDirectory()
    let store = try StateStore(path: directory.path + "/first.db")
    var random = SplitMix64(seed: seed)
    var operations = RandomOperations()
    let entries = (1...UInt64(150)).map { operations.entry($0, &random) }
    _ = try store.apply(entries)
    try store.commitPending()
    try forgetSome(store, Int.random(in: 0...40, using: &random))
    let snapshot = try store.snapshot()
    var writer = BinaryWriter()
    writer.writeOld(snapshot.mark)
    var reader = BinaryReader(writer.take())
    let staging = try StateStaging(
      beside: directory.path + "/second.db", mark: try reader.readOldStateMark())
    try await carry(snapshot, to: staging, .old)
    let second = try StateStore(path: directory.path + "/second.db")
    try second.install(snapshot.mark.appliedIndex)
    try second.verify()
    try await expectSame(store, second)
    // The sums are those of the new checksums, though version 0.1 does not send them.
    #expect(second.mark() == snapshot.mark)

    // The same in the pieces of now.
    let third = try StateStore(path: directory.path + "/third.db")
    let other = try StateStaging(beside: third.path, mark: snapshot.mark)
    try await carry(snapshot, to: other, .current)
    try third.install(snapshot.mark.appliedIndex)
    try third.verify()
    #expect(third.mark() == snapshot.mark)
    #expect(try await everything(in: third) == everything(in: store))
  }

  /// Forgets the oldest revisions, as the limits of the history would.
  private func forgetSome(_ store: StateStore, _ count: Int) throws {
    try store.current.write { db in
      let tables = StateTables(db: db)
      var mark = try tables.mark()
      for _ in 0..<count where mark.compactedRevision < mark.revision {
        mark.compactedRevision += 1
        mark.historyBytes -= try tables.forget(
          Forgetting(mark.compactedRevision, keepingFrom: mark.compactedRevision))
      }
      try tables.write(mark)
    }
  }

  private func carry(
    _ snapshot: StateSnapshot, to staging: StateStaging, _ format: StateSnapshot.Format
  ) async throws {
    var position = StateSnapshot.Position.beginning(format)
    while true {
      if case .end = position { break }
      let piece = try await snapshot.piece(at: position)
      try staging.add(piece.bytes)
      position = piece.next
    }
    try staging.finish()
  }

  private func expectSame(_ one: StateStore, _ other: StateStore) async throws {
    for lower in [Bytes(), ImportKeys.prefix] {
      let scan: @Sendable (any StateView, StateMark) throws -> [Pair] = { view, _ in
        var pairs: [Pair] = []
        try view.scan(from: lower, to: nil, reversed: false) { key, stored in
          pairs.append(Pair(key: key, value: stored.value, revision: stored.revision))
          return true
        }
        return pairs
      }
      #expect(try await one.read(scan) == other.read(scan))
    }
    let history: @Sendable (any StateView, StateMark) throws -> [KnownRevision] = { view, _ in
      var history: [KnownRevision] = []
      try view.scanHistory(from: 0, through: .max, reversed: false) {
        history.append(KnownRevision(record: $0, changes: try view.changes(of: $0)))
        return true
      }
      return history
    }
    #expect(try await one.read(history) == other.read(history))
    let requests = try await [one, other].asyncMap { store in
      try await store.current.read { try Row.fetchAll($0, sql: "SELECT * FROM request") }
    }
    #expect(requests[0] == requests[1])
  }
}

private struct KnownRevision: Equatable {
  let record: RevisionRecord
  let changes: [KeyChange]
}

extension Array {
  fileprivate func asyncMap<T>(_ body: (Element) async throws -> T) async rethrows -> [T] {
    var result: [T] = []
    for element in self { result.append(try await body(element)) }
    return result
  }
}

// The tables of the state against a state that is kept in plain dictionaries and lists.

import Foundation
import GRDB
import Raft
import Testing

@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBStorage

@Suite struct StateTablesTests {
  /// Both states, and what is done to both.
  fileprivate struct TwoStates {
    let db: Database
    var tables: StateTables { StateTables(db: db) }
    var model = MemoryView()
    var mark = DataMark()
    var index: UInt64 = 0
    var operations = RandomOperations()
    /// How many operations were not refused.
    var accepted = 0

    init(_ db: Database) { self.db = db }

    mutating func apply(_ random: inout SplitMix64) throws {
      try apply(operations.stamped(revision: mark.revision, &random))
    }

    mutating func apply(_ operation: PDBModel.Operation) throws {
      let stamp = Stamp(time: Timestamp(milliseconds: 0), author: "", request: nil)
      try apply(StampedOperation(stamp: stamp, operation: operation))
    }

    private mutating func apply(_ stamped: StampedOperation) throws {
      index += 1
      let position = LogPosition(index: index, term: 1)
      var machine = StateMachine(storage: tables, mark: mark)
      var plain = StateMachine(storage: model, mark: mark)
      let ruling = try machine.apply(stamped, at: position)
      let expected = try plain.apply(stamped, at: position)
      #expect(ruling.revision == expected.revision)
      #expect(ruling.made?.record == expected.made?.record)
      #expect(ruling.made?.changes == expected.made?.changes)
      #expect(ruling.decision.encoded() == expected.decision.encoded())
      #expect(machine.mark == plain.mark)
      if case .success = ruling.decision { accepted += 1 }
      model = plain.storage
      mark = machine.mark
    }

    mutating func forget() throws {
      guard mark.compactedRevision < mark.revision else { return }
      mark.compactedRevision += 1
      let number = mark.compactedRevision
      let held = try model.tags().map(\.revision)
      let forgetting = Forgetting(number, keepingFrom: number, held: held)
      let bytes = try tables.forget(forgetting)
      #expect(bytes == model.forget(forgetting))
      mark.historyBytes -= bytes
    }

    /// Every state that can be read is as it was, forwards, backwards and from any key on.
    func comparePast(_ random: inout SplitMix64) throws {
      for revision in 0...mark.revision where try tables.isReadable(revision, mark) {
        let (past, expected) = (tables.past(revision), model.past(revision))
        for key in RandomOperations.keys {
          #expect(try past.get(key) == expected.get(key))
        }
        let lower: Bytes = Bool.random(using: &random) ? [] : [0x61]
        for reversed in [false, true] {
          let found = try past.pairs(from: lower, to: nil, reversed, limit: .max)
          let wanted = try expected.pairs(from: lower, to: nil, reversed, limit: .max)
          #expect(
            found.filter { !SystemKeys.hasNoHistory($0.key) }
              == wanted.filter { !SystemKeys.hasNoHistory($0.key) })
        }
        if revision >= mark.compactedRevision {
          let rewound = try RewoundView(tables, to: revision)
          #expect(
            try rewound.pairs(from: [], to: nil, false, limit: .max)
              == past.pairs(from: [], to: nil, false, limit: .max))
        }
      }
    }

    // MARK: Comparing

    func compareKeys(_ random: inout SplitMix64) throws {
      for key in RandomOperations.keys + [[0], [0x61, 0x61], [0xFE]] {
        #expect(try tables.get(key) == model.get(key))
      }
      let bounds = RandomOperations.keys + [[0], [0x60], [0x61, 0x61], [0xFF, 0xFF, 0xFF]]
      for _ in 0..<4 {
        let lower = Bool.random(using: &random) ? [] : bounds.randomElement(using: &random)!
        let upper = Bool.random(using: &random) ? nil : bounds.randomElement(using: &random)
        for reversed in [false, true] {
          let limit = [1, 2, .max].randomElement(using: &random)!
          let expected = try model.pairs(from: lower, to: upper, reversed, aside: false)
          #expect(
            try tables.pairs(from: lower, to: upper, reversed, limit: limit)
              == Array(expected.prefix(limit)))
        }
      }
      for reversed in [false, true] {
        #expect(
          try tables.pairs(
            from: ImportKeys.prefix, to: ImportKeys.prefix.prefixEnd, reversed, limit: .max)
            == model.pairs(
              from: ImportKeys.prefix, to: ImportKeys.prefix.prefixEnd, reversed, aside: true))
      }
      #expect(try tables.contentHashes(withOld: true).current == mark.hash)
      #expect(try tables.contentHashes(withOld: true).old == mark.oldHash)
    }

    func compareHistory(_ random: inout SplitMix64) throws {
      let first = UInt64.random(in: 0...mark.revision + 1, using: &random)
      let last = Bool.random(using: &random) ? .max : first + 5
      for reversed in [false, true] {
        var found: [RevisionRecord] = []
        try tables.scanHistory(from: first, through: last, reversed: reversed) {
          found.append($0)
          return true
        }
        var expected = model.history.map(\.record.known).filter {
          (first...last).contains($0.number)
        }
        if reversed { expected.reverse() }
        #expect(found == expected)
      }
      let limit = [1, 2, .max].randomElement(using: &random)!
      for revision in model.history {
        #expect(
          try tables.changes(of: revision.record, limit: limit)
            == Array(revision.changes.prefix(limit)))
      }
    }
  }

  @Test(arguments: [UInt64](0..<30))
  func `keys, ranges and history are those of a plain state`(seed: UInt64) throws {
    let queue = try DatabaseQueue()
    try queue.write { db in
      try StateTables.create(db)
      var random = SplitMix64(seed: seed)
      var states = TwoStates(db)
      for _ in 0..<200 {
        try states.apply(&random)
        while Int.random(in: 0..<3, using: &random) == 0 { try states.forget() }
        if Int.random(in: 0..<4, using: &random) == 0 {
          try states.compareKeys(&random)
          try states.compareHistory(&random)
        }
        if Int.random(in: 0..<20, using: &random) == 0 { try states.comparePast(&random) }
      }
      try states.comparePast(&random)
      #expect(states.accepted > 80)
      try states.tables.verifyRows(
        after: states.mark.compactedRevision, through: states.mark.revision)
      try states.expectNothingLeft(&random)
    }
  }

  @Test func `a revision is read as it was made, not as its keys are now`() throws {
    let queue = try DatabaseQueue()
    try queue.write { db in
      try StateTables.create(db)
      var machine = StateMachine(storage: StateTables(db: db), mark: DataMark())
      let stamp = Stamp(time: Timestamp(milliseconds: 0), author: "an", request: nil)
      let operations: [PDBModel.Operation] = [
        .set(key: [0x61], value: [1], .none), .delete(keys: [[0x61]], .none),
        .set(key: [0x61], value: [2], .none), .set(key: [0x61], value: [3], .none),
      ]
      for (index, operation) in operations.enumerated() {
        _ = try machine.apply(
          StampedOperation(stamp: stamp, operation: operation),
          at: LogPosition(index: UInt64(index + 1), term: 1))
      }
      let tables = machine.storage
      let changes = try (1...4).map { number in
        try tables.changes(of: try #require(try tables.revision(number)))[0]
      }
      #expect(
        changes == [
          KeyChange(key: [0x61], before: nil, after: [1]),
          KeyChange(key: [0x61], before: StoredValue(value: [1], revision: 1), after: nil),
          KeyChange(key: [0x61], before: nil, after: [2]),
          KeyChange(key: [0x61], before: StoredValue(value: [2], revision: 3), after: [3]),
        ])
    }
  }
}

extension StateTablesTests.TwoStates {
  /// Once all history is forgotten, nothing is there but what the keys hold.
  fileprivate mutating func expectNothingLeft(_ random: inout SplitMix64) throws {
    for tag in try model.tags() { try apply(.removeTag(tag.name)) }
    while mark.compactedRevision < mark.revision { try forget() }
    try compareKeys(&random)
    let pairs = try model.pairs(from: [], to: nil, false, aside: false)
    #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM version") == pairs.count)
    #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM revision") == 0)
    #expect(mark.historyBytes == 0)
  }
}

extension RevisionRecord {
  /// What the history keeps of it: of a request only the id.
  fileprivate var known: RevisionRecord {
    let request = stamp.request.map { RequestID(stored: $0.id) }
    return RevisionRecord(
      number: number, index: index, term: term,
      stamp: Stamp(time: stamp.time, author: stamp.author, request: request),
      operation: operation, count: count, visibleCount: visibleCount, byteCount: byteCount)
  }
}

/// A key and what it holds.
private struct Found: Equatable {
  let key: Bytes
  let stored: StoredValue
}

extension KeyValueView {
  fileprivate func pairs(
    from lower: Bytes, to upper: Bytes?, _ reversed: Bool, limit: Int
  ) throws -> [Found] {
    var pairs: [Found] = []
    try scan(from: lower, to: upper, reversed: reversed) { key, stored in
      pairs.append(Found(key: key, stored: stored))
      return pairs.count < limit
    }
    return pairs
  }
}

extension MemoryView {
  /// - Parameter aside: whether keys without history are wanted, or all others.
  fileprivate func pairs(
    from lower: Bytes, to upper: Bytes?, _ reversed: Bool, aside: Bool
  ) throws -> [Found] {
    try pairs(from: lower, to: upper, reversed, limit: .max).filter {
      SystemKeys.hasNoHistory($0.key) == aside
    }
  }
}

// MARK: Reading altered rows

@Suite struct AlteredTablesTests {
  private let queue: DatabaseQueue

  init() throws {
    queue = try DatabaseQueue()
    try queue.write { db in
      try StateTables.create(db)
      var machine = StateMachine(storage: StateTables(db: db), mark: DataMark())
      let part = ImportPart(id: "i", number: 0, pairs: [NewPair(key: [0x78], value: [0x31])])
      let operations: [PDBModel.Operation] = [
        .increment(key: [0x6E], by: 1), .increment(key: [0x6E], by: 1),
        .setMany([NewPair(key: [0x61], value: [1]), NewPair(key: [0x62], value: [2])]),
        .delete(keys: [[0x61]], .none), .stageImport(part),
      ]
      for (index, operation) in operations.enumerated() {
        let stamp = Stamp(
          time: Timestamp(milliseconds: 5), author: "an",
          request: RequestID(id: "r\(index)", fingerprint: 1, firstSent: nil))
        _ = try machine.apply(
          StampedOperation(stamp: stamp, operation: operation),
          at: LogPosition(index: UInt64(index + 1), term: 1))
      }
      var mark = StateMark()
      mark.data = machine.mark
      try machine.storage.write(mark)
    }
  }

  /// Every column of every table, and a value that it does not have.
  static let alterations = [
    "UPDATE version SET value = X'39' WHERE revision = 2",
    "UPDATE version SET value = X'39' WHERE revision = 1",
    "UPDATE version SET value = NULL WHERE revision = 2",
    "UPDATE version SET value = X'' WHERE value IS NULL",
    "UPDATE version SET deadline = 5 WHERE revision = 2",
    "UPDATE version SET deadline = 0 WHERE revision = 2",
    "UPDATE version SET checksum = checksum + 1 WHERE revision = 2",
    "UPDATE revision SET log_index = 9 WHERE number = 2",
    "UPDATE revision SET term = 9 WHERE number = 2",
    "UPDATE revision SET time = 9 WHERE number = 2",
    "UPDATE revision SET author = 'ly' WHERE number = 2",
    "UPDATE revision SET principal = 'ly' WHERE number = 2",
    "UPDATE revision SET principal = '' WHERE number = 2",
    "UPDATE revision SET request = NULL WHERE number = 2",
    "UPDATE revision SET operation = 'kv set' WHERE number = 2",
    "UPDATE revision SET first_version = first_version + 1 WHERE number = 2",
    "UPDATE revision SET versions = 2 WHERE number = 2",
    "UPDATE revision SET visible = 0 WHERE number = 2",
    "UPDATE revision SET bytes = 1 WHERE number = 2",
    "UPDATE revision SET checksum = checksum + 1 WHERE number = 2",
    "UPDATE aside SET value = X'39'",
    "UPDATE aside SET revision = 9", "UPDATE aside SET checksum = checksum + 1",
    "UPDATE request SET fingerprint = 9 WHERE id = 'r1'",
    "UPDATE request SET time = 9 WHERE id = 'r1'",
    "UPDATE request SET revision = 9 WHERE id = 'r1'",
    "UPDATE request SET answer = X'39' WHERE id = 'r1'",
    "UPDATE request SET checksum = checksum + 1 WHERE id = 'r1'",
    "UPDATE mark SET content = CAST(X'00'||content AS BLOB)",
    "UPDATE mark SET checksum = checksum + 1",
    "DELETE FROM mark",
  ]

  /// Reads everything one by one, as users do, and tells how many of the reads failed.
  private func readAll(_ db: Database) -> (answers: [String], failures: Int) {
    let tables = StateTables(db: db)
    var answers: [String] = []
    var failures = 0
    func read(_ what: String, _ body: () throws -> Any) {
      do { answers.append("\(what): \(try body())") } catch {
        #expect((error as? DatabaseError)?.resultCode == .SQLITE_CORRUPT, "\(error)")
        failures += 1
        answers.append("\(what) failed")
      }
    }
    for key in [[0x6E], [0x61], [0x62], [0x6F]] as [Bytes] {
      read("key \(key)") { try tables.get(key) as Any }
    }
    for reversed in [false, true] {
      read("all keys") {
        var found: [String] = []
        try tables.scan(from: [], to: nil, reversed: reversed) {
          found.append("\($0) \($1)")
          return true
        }
        return found
      }
    }
    read("keys aside") {
      var found: [String] = []
      try tables.scan(from: ImportKeys.prefix, to: nil, reversed: false) {
        found.append("\($0) \($1)")
        return true
      }
      return found
    }
    for number in UInt64(1)...4 {
      read("revision \(number)") {
        guard let record = try tables.revision(number) else { return "nothing" }
        return "\(record) \(try tables.changes(of: record))"
      }
    }
    read("all revisions") {
      var found: [RevisionRecord] = []
      try tables.scanHistory(from: 0, through: .max, reversed: false) {
        found.append($0)
        return true
      }
      return found
    }
    for number in UInt64(1)...4 {
      read("record \(number)") { try tables.revision(number) as Any }
    }
    for number in 0..<10 { read("request \(number)") { try tables.request("r\(number)") as Any } }
    read("requests") { try tables.scanRequests(after: 0) { $0.index == 5 ? $0 : nil } as Any }
    read("mark") { try tables.mark() }
    return (answers, failures)
  }

  @Test(arguments: alterations)
  func `an altered row is an error where it is read, never another answer`(sql: String) throws {
    try queue.write { db in
      let before = readAll(db)
      #expect(before.failures == 0)
      try db.execute(sql: sql)
      #expect(db.changesCount == 1)
      let after = readAll(db)
      #expect(after.failures > 0)
      for (old, new) in zip(before.answers, after.answers) where !new.hasSuffix(" failed") {
        #expect(new == old)
      }
    }
  }

  /// What changes the place at which a row is found.
  static let moves = [
    "UPDATE version SET key = X'6F' WHERE revision = 2",
    "UPDATE version SET revision = 9 WHERE revision = 2",
    "UPDATE version SET revision = 0 WHERE revision = 2",
    "UPDATE version SET id = 50 WHERE revision = 2",
    "UPDATE revision SET number = 20 WHERE number = 2",
    "UPDATE aside SET key = CAST(key||X'01' AS BLOB)",
    "UPDATE request SET log_index = 99 WHERE id = 'r1'",
    "UPDATE request SET id = 'r9' WHERE id = 'r1'",
  ]

  /// That it is missing in its own place only the sums of all rows can tell: StateStore.verify().
  @Test(arguments: moves)
  func `a row in another place is an error there`(sql: String) throws {
    try queue.write { db in
      #expect(readAll(db).failures == 0)
      try db.execute(sql: sql)
      #expect(db.changesCount == 1)
      #expect(readAll(db).failures > 0)
    }
  }
}

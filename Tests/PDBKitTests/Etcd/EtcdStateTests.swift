// The state on keys of an etcd against a state that is kept in plain dictionaries and lists.

import Raft
import Testing

@testable import PDBCoordinator
@testable import PDBEtcd
@testable import PDBModel

@Suite struct EtcdStateTests {
  /// Keys and values, and a machine that sees as much of them as it asked for.
  private struct Twins {
    let layout = Layout(prefix: Bytes(utf8: "pdb/"))
    var etcd: [Bytes: Bytes] = [:]
    var fetched = FetchedKeys()
    var model = MemoryView()
    var mark = DataMark()
    var index: UInt64 = 0
    var operations = RandomOperations()

    init() { mark.version = .newest }

    /// Gives the state what it asks for, a few keys at a time or `all` of them.
    func run<T>(
      _ random: inout SplitMix64, all isAll: Bool = false, _ body: (EtcdState) throws -> T
    ) throws -> T {
      while true {
        let result = Result { try body(EtcdState(layout, fetched)) }
        var wanted = fetched.takeGuesses().map { Unfetched.Wanted($0) }
        if case .failure(let error as Unfetched) = result { wanted += error.wanted }
        guard !wanted.isEmpty else { return try result.get() }
        for wanted in Set(wanted) {
          let limit = wanted.limit ?? (isAll ? .max : .random(in: 1...4, using: &random))
          let all = etcd.keys.filter {
            !$0.lexicographicallyPrecedes(wanted.range.lower)
              && $0.lexicographicallyPrecedes(wanted.range.upper)
          }.sorted { $0.lexicographicallyPrecedes($1) }
          let found = all.prefix(limit).map { ($0, etcd[$0]!) }
          let upper = all.count > limit ? found.last!.0 + [0] : wanted.range.upper
          fetched.learn(KeyRange(wanted.range.lower, upper), found)
        }
      }
    }

    mutating func write(_ written: [Bytes: Bytes?]) {
      var state = StateMark()
      (state.data, state.appliedIndex) = (mark, index)
      var written = written
      written[layout.mark] = .some(MarkRecord(state, nonce: 0).encoded)
      for (place, value) in written {
        etcd[place] = value
        fetched.learn(place, value)
      }
    }

    mutating func apply(_ random: inout SplitMix64) throws {
      index += 1
      let position = LogPosition(index: index, term: 0)
      let stamped = operations.stamped(revision: mark.revision, &random)
      let (machine, ruling) = try run(&random) { [mark] state in
        var machine = StateMachine(storage: state, mark: mark)
        let ruling = try machine.apply(stamped, at: position)
        return (machine, ruling)
      }
      var plain = StateMachine(storage: model, mark: mark)
      let expected = try plain.apply(stamped, at: position)
      #expect(ruling.revision == expected.revision)
      #expect(ruling.made?.record == expected.made?.record)
      #expect(ruling.made?.changes == expected.made?.changes)
      #expect(ruling.decision.encoded() == expected.decision.encoded())
      #expect(machine.mark == plain.mark)
      (model, mark) = (plain.storage, machine.mark)
      write(machine.storage.written.all)
    }

    mutating func forget(_ random: inout SplitMix64) throws {
      guard mark.compactedRevision < mark.revision else { return }
      let number = mark.compactedRevision + 1
      let forgetting = Forgetting(
        number, keepingFrom: number, held: try model.tags().map(\.revision))
      let (state, bytes) = try run(&random) { state in
        var state = state
        let bytes = try state.forget(forgetting)
        return (state, bytes)
      }
      #expect(bytes == model.forget(forgetting))
      mark.compactedRevision = number
      mark.historyBytes -= bytes
      write(state.written.all)
    }

    func compare(_ random: inout SplitMix64) throws {
      for reversed in [false, true] {
        let found = try run(&random) { try $0.all(reversed) }
        #expect(try found == model.all(reversed))
      }
      for revision in model.history {
        let changes = try run(&random) { try $0.changes(of: revision.record, limit: .max) }
        #expect(changes == revision.changes)
      }
      let readable = try run(&random) { [mark] state in
        try (0...mark.revision).filter { try state.isReadable($0, mark) }
      }
      for revision in readable {
        for reversed in [false, true] {
          let found = try run(&random) { try $0.past(revision).all(reversed) }
          let wanted = model.past(revision)
          #expect(
            found.filter { !SystemKeys.hasNoHistory($0.key) }
              == (try wanted.all(reversed)).filter { !SystemKeys.hasNoHistory($0.key) })
        }
        for key in RandomOperations.keys {
          let found = try run(&random) { try $0.past(revision).get(key) }
          #expect(try found == model.past(revision).get(key))
        }
      }
    }
  }

  @Test(arguments: [UInt64](0..<12))
  func `what it decides, holds and held is as in a plain state`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var twins = Twins()
    for _ in 0..<120 {
      // What was known before may be lost, as where other programs write.
      if Int.random(in: 0..<4, using: &random) == 0 { twins.fetched = FetchedKeys() }
      try twins.apply(&random)
      if Int.random(in: 0..<4, using: &random) == 0 { try twins.forget(&random) }
      if Int.random(in: 0..<20, using: &random) == 0 { try twins.compare(&random) }
    }
    twins.fetched = FetchedKeys()
    try twins.compare(&random)
    #expect(twins.mark.revision > 40)
  }

  @Test func `what a long history forgets is asked for in a few steps`() throws {
    var random = SplitMix64(seed: 1)
    var twins = Twins()
    func apply(_ operation: Operation) throws {
      twins.index += 1
      let position = LogPosition(index: twins.index, term: 0)
      let stamp = Stamp(time: .now, author: "lan", request: nil)
      let machine = try twins.run(&random) { [mark = twins.mark] state in
        var machine = StateMachine(storage: state, mark: mark)
        _ = try machine.apply(StampedOperation(stamp: stamp, operation: operation), at: position)
        return machine
      }
      twins.mark = machine.mark
      twins.write(machine.storage.written.all)
    }
    for round in 0..<100 {
      let pairs = (0..<5).map {
        NewPair(key: Bytes(utf8: "\(round % 7)/\($0)"), value: Bytes(utf8: "\(round)"))
      }
      try apply(.setMany(pairs))
    }
    try apply(.setSetting(.historyRevisions, value: "3"))
    twins.fetched = FetchedKeys()
    var rounds = 0
    let machine = try twins.run(&random, all: true) { [mark = twins.mark] state in
      rounds += 1
      var machine = StateMachine(storage: state, mark: mark)
      try machine.forget(at: 128, nil)
      return machine
    }
    #expect(machine.mark.compactedRevision == machine.mark.revision - 3)
    #expect(rounds < 10, "\(rounds) times to etcd and back")
  }

  // MARK: Places

  @Test(
    arguments: [
      [0x61], [0x2F], [0x25], [0x61, 0x2F, 0x25, 0x62], [0xFF, 0], [0], Bytes(utf8: "đ/%2F"),
      TaskKeys.number(7), TaskKeys.number(.max - 1), TaskKeys.lastNumber,
    ] as [Bytes])
  func `a place says which key it is about`(key: Bytes) {
    let layout = Layout(prefix: Bytes(utf8: "pdb/"))
    #expect(layout.key(ofPresent: layout.present(key)) == key)
    let found = layout.version(at: layout.version(of: key, endedBy: 57))
    #expect(found?.key == key && found?.end == 57)
    let (range, place) = (layout.versions(of: key), layout.version(of: key, endedBy: .max))
    #expect(!place.lexicographicallyPrecedes(range.lower))
    #expect(place.lexicographicallyPrecedes(range.upper))
  }

  @Test func `versions of one key stand together, whatever other keys begin with it`() {
    let layout = Layout(prefix: Bytes(utf8: "pdb/"))
    let range = layout.versions(of: [0x61])
    for other in [[0x61, 0x2F], [0x61, 0x62], [0x61, 0], [0x61, 0x25]] as [Bytes] {
      let place = layout.version(of: other, endedBy: 1)
      let isInside =
        !place.lexicographicallyPrecedes(range.lower)
        && place.lexicographicallyPrecedes(range.upper)
      #expect(!isInside, "\(other)")
    }
  }

  @Test func `values stand there as they were written, or as text or base64`() {
    func text(_ value: Bytes) -> String {
      String(decoding: StoredRecord.encode(StoredValue(value: value, revision: 7)), as: UTF8.self)
    }
    #expect(text(Bytes(utf8: #"{"a": 1.50}"#)) == #"{"revision":7,"value":{"a": 1.50}}"#)
    #expect(text(Bytes(utf8: "chữ")) == #"{"revision":7,"text":"chữ"}"#)
    #expect(text([0xFF]) == #"{"revision":7,"value_b64":"/w=="}"#)
    for value in [Bytes(utf8: "[1]"), Bytes(utf8: "chữ"), [0xFF], Bytes(utf8: "\"}")] {
      let stored = StoredValue(value: value, revision: .max)
      #expect(StoredRecord.decode(StoredRecord.encode(stored)) == stored)
    }
    for strange in ["", "{}", "{\"revision\":x,\"value\":1}", "{\"revision\":1}", "1"] {
      #expect(StoredRecord.decode(Bytes(utf8: strange)) == nil)
    }
  }

  @Test(arguments: [
    ("etcd://10.0.0.1:2379/pdb/main", ["10.0.0.1:2379"], "pdb/main/"),
    ("etcd://a,b:1/x/", ["a:2379", "b:1"], "x/"), ("ETCD://localhost//x", ["127.0.0.1:2379"], "x/"),
  ])
  func `an address names members and a prefix`(
    text: String, endpoints: [String], prefix: String
  ) throws {
    let address = try EtcdAddress(parsing: text)
    #expect(address.endpoints.map(\.description) == endpoints && address.prefix == prefix)
    #expect(try EtcdAddress(parsing: address.description) == address)
  }

  @Test(arguments: [
    "etcd://", "etcd://a:1", "etcd://a:1/", "etcd:///x", "etcd://a,,b/x", "etcd://a:0/x",
  ])
  func `what lacks a part is no address`(text: String) {
    #expect(throws: PDBError.self) { try EtcdAddress(parsing: text) }
  }
}

extension KeyValueView {
  fileprivate func all(_ reversed: Bool) throws -> [Found] {
    var found: [Found] = []
    try scan(from: [], to: nil, reversed: reversed) { key, stored in
      found.append(Found(key: key, stored: stored))
      return true
    }
    return found
  }
}

private struct Found: Equatable {
  let key: Bytes
  let stored: StoredValue
}

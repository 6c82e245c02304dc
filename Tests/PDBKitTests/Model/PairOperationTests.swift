// What can be done with key-value pairs.

import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBModel
@testable import PDBServer
@testable import PDBStore

@Suite struct PairOperationTests {
  private func set(
    _ key: String, _ value: String, _ condition: Condition = .none
  ) -> PDBModel.Operation {
    .set(key: Bytes(utf8: key), value: Bytes(utf8: value), condition)
  }

  @Test func `keys that look the same but differ in bytes are different keys`() throws {
    var view = MemoryView()
    try view.apply(set("\u{E9}", "1"))
    try view.apply(set("e\u{301}", "2"))
    #expect(view.get(Bytes(utf8: "\u{E9}"))?.value == Bytes(utf8: "1"))
    #expect(view.get(Bytes(utf8: "e\u{301}"))?.value == Bytes(utf8: "2"))
  }

  @Test func `many keys are set as one change, the last value of each`() throws {
    var view = MemoryView()
    try view.apply(set("b", "0"))
    let pairs = [("a", "1"), ("b", "2"), ("a", "3")].map {
      NewPair(key: Bytes(utf8: $0.0), value: Bytes(utf8: $0.1))
    }
    #expect(try view.apply(.setMany(pairs)).count == 2)
    #expect(view.get(Bytes(utf8: "a"))?.value == Bytes(utf8: "3"))
    #expect(view.get(Bytes(utf8: "a"))?.revision == 2)
    #expect(view.get(Bytes(utf8: "b"))?.revision == 2)
  }

  @Test func `a condition decides whether a key is set`() throws {
    var view = MemoryView()
    #expect(PDBError.code { try view.apply(set("a", "1", .revision(1))) } == .conflict)
    try view.apply(set("a", "1", .absent))
    #expect(PDBError.code { try view.apply(set("a", "2", .absent)) } == .conflict)
    try view.apply(set("a", "3", .revision(1)))
    #expect(PDBError.code { try view.apply(set("a", "4", .revision(1))) } == .conflict)
    #expect(view.get(Bytes(utf8: "a"))?.value == Bytes(utf8: "3"))
  }

  @Test func `incrementing starts at zero and refuses what is no whole number`() throws {
    var view = MemoryView()
    let key = Bytes(utf8: "n")
    #expect(try view.apply(.increment(key: key, by: 5)).pair?.value == Bytes(utf8: "5"))
    #expect(try view.apply(.increment(key: key, by: -7)).pair?.value == Bytes(utf8: "-2"))
    for value in ["1.5", "\"1\"", "[]", "9223372036854775807"] {
      try view.apply(set("n", value))
      #expect(PDBError.code { try view.apply(.increment(key: key, by: 1)) } == .notANumber)
      #expect(view.get(key)?.value == Bytes(utf8: value))
    }
  }

  @Test func `appending starts with an empty list and keeps what is there`() throws {
    var view = MemoryView()
    let key = Bytes(utf8: "l")
    try view.apply(.append(key: key, values: [Bytes(utf8: "1")]))
    try view.apply(.append(key: key, values: [Bytes(utf8: "\"x\""), Bytes(utf8: "[2]")]))
    #expect(view.get(key)?.value == Bytes(utf8: "[1,\"x\",[2]]"))
    try view.apply(set("l", "{}"))
    #expect(
      PDBError.code { try view.apply(.append(key: key, values: [Bytes(utf8: "1")])) }
        == .notAList)
  }

  @Test func `removing keys is all that exist of them, and refused if none does`() throws {
    var view = MemoryView()
    try view.apply(set("a", "1"))
    try view.apply(set("b", "1"))
    let keys = ["a", "b", "c", "a"].map { Bytes(utf8: $0) }
    #expect(try view.apply(.delete(keys: keys, .none)).count == 2)
    #expect(PDBError.code { try view.apply(.delete(keys: keys, .none)) } == .keyNotFound)
  }

  @Test func `an object with a title under a task's key is a task`() throws {
    var view = MemoryView()
    try view.apply(set("task_123", #"{"title":"  Học  ","extra":1}"#))
    let task = try view.task(TaskReference("1")).task
    #expect(task.id == "123" && task.title == "Học" && !task.completed)
    // Written again, it keeps its number; as something else, it is a task no more.
    try view.apply(set("task_123", #"{"title":"Việt","completed":true}"#))
    #expect(try view.tasks.map(\.number) == [1])
    #expect(try view.tasks[0].completed)
    try view.apply(set("task_123", "7"))
    #expect(try view.tasks.isEmpty)
    #expect(try view.add("next")[0].number == 2)
  }

  @Test(arguments: [
    (Condition.absent, "key 'a' already exists (revision 1)"),
    (.revision(7), "key 'a' is at revision 1, not 7"),
  ])
  func `a condition that does not hold says what is there`(
    condition: Condition, message: String
  ) throws {
    var view = MemoryView()
    try view.apply(set("a", "1"))
    do {
      try view.apply(set("a", "2", condition))
      Issue.record("it must be refused")
    } catch let error as PDBError { #expect(error.message == message) }
  }

  @Test func `setting a key tells whether it is new`() throws {
    var view = MemoryView()
    #expect(try view.apply(set("a", "1")).pair?.isNew == true)
    #expect(try view.apply(set("a", "2")).pair?.isNew == false)
  }

  @Test func `removing a task's key removes the task and its number`() throws {
    var view = MemoryView()
    let task = try view.add("a")[0]
    try view.apply(.delete(keys: [TaskKeys.task(id: task.id)], .none))
    #expect(try view.tasks.isEmpty)
    #expect(PDBError.code { _ = try view.task(TaskReference("1")) } == .taskNotFound)
  }
}

@Suite struct DraftTests {
  private func base() throws -> MemoryView {
    var view = MemoryView()
    for key in ["b", "d", "f"] {
      try view.apply(.set(key: Bytes(utf8: key), value: Bytes(utf8: "\"\(key)\""), .none))
    }
    return view
  }

  @Test(arguments: [false, true])
  func `a scan sees what the draft changed, in order`(reversed: Bool) throws {
    var draft = Draft(on: try base(), after: DataMark())
    try draft.put(Bytes(utf8: "c"), [])
    try draft.put(Bytes(utf8: "g"), [])
    try draft.put(Bytes(utf8: "a"), [])
    try draft.delete(Bytes(utf8: "d"))
    try draft.put(Bytes(utf8: "f"), Bytes(utf8: "new"))
    var keys: [String] = []
    try draft.scan(from: Bytes(utf8: "b"), to: Bytes(utf8: "g"), reversed: reversed) { key, _ in
      keys.append(key.shown)
      return true
    }
    #expect(keys == (reversed ? ["f", "c", "b"] : ["b", "c", "f"]))
  }

  @Test func `a scan stops when it is told to`() throws {
    var draft = Draft(on: try base(), after: DataMark())
    try draft.put(Bytes(utf8: "a"), [])
    var count = 0
    try draft.scan(from: [], to: nil, reversed: false) { _, _ in
      count += 1
      return count < 2
    }
    #expect(count == 2)
  }

  @Test func `a key changed twice is one change with the first value before`() throws {
    var draft = Draft(on: try base(), after: DataMark())
    try draft.put(Bytes(utf8: "b"), Bytes(utf8: "1"))
    try draft.put(Bytes(utf8: "b"), Bytes(utf8: "2"))
    #expect(draft.changes.count == 1)
    #expect(draft.changes[0].before?.value == Bytes(utf8: "\"b\""))
    #expect(draft.changes[0].after == Bytes(utf8: "2"))
  }
}

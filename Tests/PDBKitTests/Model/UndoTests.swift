// Taking changes back: all of it or nothing.

import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBModel
@testable import PDBServer
@testable import PDBStore

@Suite struct UndoTests {
  private var view = MemoryView()

  private func value(_ key: String) -> String? { view.get(Bytes(utf8: key))?.value.utf8String }

  private mutating func set(_ key: String, _ value: String) throws {
    try view.apply(.set(key: Bytes(utf8: key), value: Bytes(utf8: value), .none))
  }

  @Test mutating func `what was set is as before, and what was new is gone`() throws {
    try set("a", "1")
    try set("a", "2")
    #expect(try view.apply(.undo(2)).undone?.count == 1)
    #expect(value("a") == "1")
    try view.apply(.undo(3))
    #expect(value("a") == "2", "an undo can be undone")
    try view.apply(.undo(4))
    try view.apply(.undo(1))
    #expect(value("a") == nil)
  }

  @Test mutating func `a task that was removed comes back with its number`() throws {
    try view.add("a", "b")
    let before = try view.tasks
    try view.apply(.removeTask(TaskReference("1"), .none))
    try view.apply(.undo(2))
    #expect(try view.tasks == before)
    #expect(try view.task(TaskReference("1")).task.title == "a")
  }

  @Test mutating func `a number that was given is not given again`() throws {
    try view.add("a")
    try view.apply(.undo(1))
    #expect(try view.tasks.isEmpty)
    #expect(try view.add("b")[0].number == 2)
    // Taking back the first of two additions does not mind the second.
    try view.add("c")
    try view.apply(.undo(3))
    #expect(try view.tasks.map(\.number) == [3])
  }

  @Test mutating func `many changes of one revision are taken back together`() throws {
    try view.add("a", "b", "c")
    for number in 1...3 {
      try view.apply(
        .editTask(TaskReference("\(number)"), TaskEdit(completed: true), .none))
    }
    let before = try view.tasks
    try view.apply(.removeCompletedTasks)
    #expect(try view.apply(.undo(5)).undone?.count == 3)
    #expect(try view.tasks == before)
  }

  @Test mutating func `where something changed since nothing is taken back`() throws {
    try view.apply(.append(key: [0x61], values: [[0x31]]))
    try set("b", "1")
    try view.apply(.delete(keys: [[0x61], [0x62]], .none))
    try set("b", "9")
    let (pairs, revision) = (view.pairs, view.revision)
    do {
      try view.apply(.undo(3))
      Issue.record("it must be refused")
    } catch let error as PDBError {
      #expect(error.code == .conflict)
      let conflict = error.details.first { $0.name == "conflicts" }?.value.array?.first
      #expect(conflict?["key"]?.string == "b")
      #expect(conflict?["expected"]?.isNull == true)
      #expect(conflict?["found"]?.int64 == 9)
    }
    #expect(view.pairs == pairs && view.revision == revision)
    // Changed and changed back is as good as unchanged.
    try view.apply(.delete(keys: [[0x62]], .none))
    try view.apply(.undo(3))
    #expect(value("a") == "[1]" && value("b") == "1")
  }

  @Test mutating func `a revision that is not there cannot be taken back`() throws {
    for number in [0, 1, UInt64.max] {
      #expect(PDBError.code { try view.apply(.undo(number)) } == .revisionNotFound)
    }
  }

  @Test mutating func `without a number it is one's own newest that stands`() throws {
    func newest(_ author: String) throws -> UInt64? {
      try view.newestUndoable(by: author)?.number
    }
    func change(by author: String) throws {
      try view.apply(.increment(key: Bytes(utf8: author), by: 1), by: author)
    }
    try change(by: "an")
    try change(by: "an")
    try change(by: "ly")
    #expect(try newest("an") == 2)
    try view.apply(.undo(2), by: "an")
    #expect(try newest("an") == 1)
    // Undone and done again: it stands.
    try view.apply(.undo(4), by: "an")
    #expect(try newest("an") == 2)
    #expect(try newest("nobody") == nil)
    #expect(try view.apply(.undo(nil), by: "an").undone?.revision == 2)
    #expect(view.history.last?.record.operation == "undo 2")
    #expect(PDBError.code { try view.apply(.undo(nil), by: "nobody") } == .revisionNotFound)
  }

  @Test mutating func `a key that has ceased to be does not stand in the way`() throws {
    let (kept, ends) = (Bytes(utf8: "kept"), Bytes(utf8: "ends"))
    try view.apply(.raiseVersion(.newest))
    try view.apply(.set(key: kept, value: [0x31], .none), by: "an")
    let lease = Lease(milliseconds: 10, now: 0)
    try view.apply(.setExpiring(key: ends, value: [0x31], .none, lease), by: "an")
    try view.apply(.expire(at: 10), by: "")
    #expect(value("ends") == nil && view.revision == 3)
    #expect(try view.apply(.undo(nil), by: "an").undone?.revision == 1)
    #expect(value("kept") == nil)
    // Once it is back by an undo of its end, its own change can be taken back, too.
    try view.apply(.undo(3), by: "ly")
    #expect(value("ends") == "1")
    #expect(try view.apply(.undo(nil), by: "an").undone?.revision == 2)
    #expect(value("ends") == nil)
  }
}

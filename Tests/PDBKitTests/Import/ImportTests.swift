// Imports: put aside in parts, visible at once, all or none.

import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBImport
@testable import PDBLoad
@testable import PDBModel
@testable import PDBServer
@testable import PDBStore

@Suite struct ImportTests {
  private var view = MemoryView()

  private func pair(_ key: String, _ value: String) -> NewPair {
    .init(key: Bytes(utf8: key), value: Bytes(utf8: value))
  }

  private mutating func stage(_ id: String, _ parts: [[NewPair]]) throws {
    for (number, pairs) in parts.enumerated() {
      try view.apply(.stageImport(ImportPart(id: id, number: UInt64(number), pairs: pairs)))
    }
  }

  private mutating func commit(
    _ id: String, _ parts: UInt64, _ existing: ExistingKeys = .refuse
  ) throws -> Int {
    try view.apply(.commitImport(id: id, parts: parts, existing)).count
  }

  /// Keys that users can see.
  private var keys: [String] {
    view.pairs.keys.filter { $0[0] != 0 }.compactMap(\.utf8String).sorted()
  }

  private var hidden: Int { view.pairs.keys.count { $0.starts(with: ImportKeys.prefix) } }

  @Test mutating func `parts are invisible until all of them are visible at once`() throws {
    try stage("x", [[pair("a", "1")], [pair("b", "2"), pair("c", "3")]])
    #expect(keys.isEmpty && view.revision == 0 && view.history.isEmpty)
    #expect(try commit("x", 2) == 3)
    #expect(keys == ["a", "b", "c"] && view.revision == 1 && hidden == 0)
    #expect(view.history[0].changes.map(\.key).count == 3)
    try view.apply(.undo(1))
    #expect(keys.isEmpty)
  }

  @Test mutating func `a part that is missing refuses the whole`() throws {
    try stage("x", [[pair("a", "1")]])
    #expect(PDBError.code { _ = try commit("x", 2) } == .conflict)
    #expect(keys.isEmpty && hidden == 1)
    #expect(try view.apply(.discardImport(id: "x")).count == 1)
    #expect(hidden == 0 && view.revision == 0)
  }

  @Test(arguments: ExistingKeys.allCases)
  mutating func `keys that exist are treated as asked`(existing: ExistingKeys) throws {
    try view.apply(.set(key: [0x61], value: [0x31], .none))
    try view.apply(.set(key: [0x62], value: [0x32], .none))
    try stage("x", [[pair("a", "1"), pair("b", "9"), pair("c", "3")]])
    switch existing {
    case .refuse:
      #expect(PDBError.code { _ = try commit("x", 1, existing) } == .conflict)
      #expect(keys == ["a", "b"])
    case .replace:
      #expect(try commit("x", 1, existing) == 2)
      #expect(view.get([0x62])?.value == [0x39])
    case .keep:
      #expect(try commit("x", 1, existing) == 1)
      #expect(view.get([0x62])?.value == [0x32] && keys.count == 3)
    }
    #expect(view.get([0x61])?.revision == 1, "what is the same is not written again")
  }

  @Test mutating func `tasks keep their numbers where nobody had them`() throws {
    let task = #"{"id":"one","number":7,"title":"a","completed":true,"created_at":"then"}"#
    try stage("x", [[pair("task_one", task), pair("task_two", #"{"title":"b"}"#)]])
    _ = try commit("x", 1)
    #expect(try view.tasks.map(\.number) == [8, 7])
    #expect(try view.task(TaskReference("7")).task.createdAt == "then")
    // Seven was given: a task that comes later with it gets another.
    try stage("y", [[pair("task_three", task.replacing("one", with: "three"))]])
    _ = try commit("y", 1)
    #expect(try view.task(TaskReference("three")).task.number == 9)
    // A number that would leave no room is not taken over.
    try stage("w", [[pair("task_w", #"{"title":"w","number":9223372036854775806}"#)]])
    _ = try commit("w", 1)
    #expect(try view.task(TaskReference("w")).task.number == 10)
    // The same again changes nothing, and is no revision.
    let revision = view.revision
    try stage("z", [[pair("task_two", #"{"title":"b","completed":false}"#)]])
    #expect(try commit("z", 1) == 0)
    #expect(view.revision == revision && hidden == 0)
  }

  @Test mutating func `imports that nobody finished make room`() throws {
    for number in 1...10 { try stage("i\(number)", [[pair("a", "1")]]) }
    #expect(hidden == Limits.unfinishedImports + 1)
    #expect(try commit("i10", 1) == 1)
  }
}

@Suite struct ImportFileTests {
  private func file(_ text: String) throws -> ImportFile { try ImportFile(Bytes(utf8: text)) }

  @Test func `an export is read back`() throws {
    let text = """
      {"pdb_export":1,"cluster":"c","revision":9,"time":"t"}
      {"key":"b","value":{"x":[1.50]},"revision":1}
      {"key":null,"key_b64":"/w==","value":null,"value_b64":"AP8=","revision":2}
      {"key":"task_x","value":{"title":"t","number":2},"revision":3}
      {"key":"task_w","value":{"title":"t","number":1},"revision":3}
      {"pdb_export_end":4}

      """
    let pairs = try file(text).pairs
    #expect(pairs.map(\.key.utf8String) == ["task_w", "task_x", "b", nil])
    #expect(pairs[2].value.utf8String == #"{"x":[1.50]}"#)
    #expect(pairs[3] == NewPair(key: [0xFF], value: [0x00, 0xFF]))
    #expect(try file(text).id == file(text).id)
  }

  @Test func `lines without head and end will do`() throws {
    #expect(try file("\u{FEFF}{\"key\":\"a\",\"value\":1}").pairs[0].key == Bytes(utf8: "a"))
    #expect(
      try file(#"{"key":"a","value":1,"ttl":5}"#).pairs
        == [NewPair(key: Bytes(utf8: "a"), value: Bytes(utf8: "1"))])
    #expect(try file(#"{"key":"a","value":null}"#).pairs.count == 1)
    #expect(try file("{\"key\":\"a\",\"value\":1}\n{\"key\":\"b\",\"value\":2}").pairs.count == 2)
  }

  @Test(arguments: [
    "{\"pdb_export\":1}\n{\"key\":\"a\",\"value\":1}\n",
    "{\"pdb_export\":1}\n{\"pdb_export_end\":1}\n", "{\"pdb_export\":2}\n{\"pdb_export_end\":0}\n",
    "{\"key\":\"a\",\"value\":1}\nnonsense\n", "{\"key\":\"a\",\"value\":1}\n{\"key\":\"b\"}\n",
    "{\"key\":\"\",\"value\":1}", "nonsense",
    "{\"key\":\"a\",\"value\":1}\n{\"key\":\"a\",\"value\":2}",
  ])
  func `what is cut short or wrong is refused`(text: String) {
    #expect(PDBError.code { _ = try file(text) } != nil)
  }

  @Test func `a file of pickleDB is known by its content`() throws {
    let found = try file(#"{"task_a": {"title": "Học", "completed": false}, "n": 1}"#)
    #expect(found.pairs.map(\.key.utf8String) == ["task_a", "n"])
    #expect(found.format.contains("pickleDB"))
  }
}

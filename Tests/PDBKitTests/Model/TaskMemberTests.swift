// What other programs store with a task, and what is no proper task.

import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBImport
@testable import PDBModel
@testable import PDBServer
@testable import PDBStore

@Suite struct TaskMemberTests {
  private static let extra =
    #""due":"2027-01-01","tags":["home"],"effort":1.50,"é":{"b":1,"a":123456789012345678901}"#
  private var view = MemoryView()

  private func stored() throws -> String {
    String(decoding: try #require(view.get(Bytes(utf8: "task_x"))).value, as: UTF8.self)
  }

  @Test mutating func `unknown members are kept through every edit, digit for digit`() throws {
    try view.set("task_x", "{\(Self.extra),\"title\":\"t\"}")
    func form(_ title: String, _ completed: Bool) -> String {
      #"{"id":"x","number":1,"title":"\#(title)","completed":\#(completed),"#
        + #""created_at":"1970-01-01T00:00:00.000Z",\#(Self.extra)}"#
    }
    #expect(try stored() == form("t", false))
    try view.apply(.editTask(TaskReference("1"), TaskEdit(title: "u"), .none))
    #expect(try stored() == form("u", false))
    let answer = try view.apply(.editTask(.id("x"), TaskEdit(completed: true), .none))
    #expect(try answer.tasks[0].task.json.text == form("u", true))
    #expect(
      try Decision(decoding: Decision.success(answer).encoded()).get().tasks[0].task.json.text
        == form("u", true))
    try view.apply(.editTask(TaskReference("x"), TaskEdit(completed: false), .none))
    #expect(try stored() == form("u", false))
    try view.apply(.undo(4))
    try view.apply(.removeTask(TaskReference("1"), .none))
    try view.apply(.undo(nil), by: "test")
    #expect(try stored() == form("u", true))
    // As a client of the seed writes it, which knows nothing of them.
    try view.set("task_x", #"{"id":"x","title":"v","completed":false}"#)
    #expect(try stored() == form("v", false))
  }

  @Test mutating func `a member that is written again is replaced, and stands where it is written`()
    throws
  {
    try view.set("task_x", #"{"title":"t","a":1,"b":2,"c":3}"#)
    try view.set("task_x", #"{"title":"t","d":4,"b":null}"#)
    #expect(try stored().hasSuffix(#","a":1,"c":3,"d":4,"b":null}"#))
  }

  @Test mutating func `the revision that answers carry is not stored`() throws {
    try view.set("task_x", #"{"title":"t","revision":7}"#)
    #expect(try !stored().contains("revision"))
  }

  @Test mutating func `an import keeps unknown members, and finds the same again`() throws {
    let value = Bytes(utf8: #"{"title":"t","number":5,"due":"2027-01-01"}"#)
    for existing in [ExistingKeys.refuse, .refuse] {
      let part = ImportPart(
        id: "i", number: 0, pairs: [.init(key: Bytes(utf8: "task_x"), value: value)])
      try view.apply(.stageImport(part))
      try view.apply(.commitImport(id: "i", parts: 1, existing))
    }
    #expect(try stored().hasSuffix(#""due":"2027-01-01"}"#) && view.revision == 1)
  }

  @Test(arguments: [
    #"{"title":1}"#, #"{"title":null}"#, #"{"title":"t","completed":1}"#,
    #"{"title":"t","completed":"true"}"#, #"{"title":"t","completed":null}"#,
    #"{"title":"t","created_at":5}"#, #"{"title":"t","id":"y"}"#, #"{"title":"t","id":3}"#,
    #"{"title":"t","number":"1"}"#, #"{"title":"t","number":1.5}"#,
    #"{"title":"t","revision":"a"}"#,
  ])
  func `a task of which a part would be lost is refused`(value: String) {
    let key = Bytes(utf8: "task_x")
    #expect(
      PDBError.code { try TaskItem.check(Bytes(utf8: value), under: key) } == .invalidValue)
    #expect(throws: Never.self) {
      try TaskItem.check(Bytes(utf8: value), under: Bytes(utf8: "other"))
    }
    let line = #"{"key":"task_x","value":\#(value)}"#
    #expect(PDBError.code { _ = try ImportFile(Bytes(utf8: line)) } == .invalidValue)
  }

  @Test func `a title that cannot be is refused under a task's key`() {
    let value = Bytes(utf8: #"{"title":"a\u001bb"}"#)
    #expect(
      PDBError.code { try TaskItem.check(value, under: Bytes(utf8: "task_x")) } == .invalidTitle)
  }

  @Test(arguments: [
    "5", "[]", #"{"name":"x"}"#, #"{"title":"t"}"#,
    #"{"id":"x","number":9,"title":"t","completed":true,"created_at":"then","revision":3,"due":1}"#,
  ])
  func `a whole task, and what is none, may be stored`(value: String) {
    #expect(throws: Never.self) {
      try TaskItem.check(Bytes(utf8: value), under: Bytes(utf8: "task_x"))
    }
  }
}

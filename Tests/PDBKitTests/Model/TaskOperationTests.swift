// What can be done with tasks.

import Testing

@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBServer
@testable import PDBStore

@Suite struct TaskOperationTests {
  @Test func `tasks are numbered from one and listed newest first`() throws {
    var view = MemoryView()
    try view.add("a", "b")
    try view.add("c")
    #expect(try view.tasks.map(\.title) == ["c", "b", "a"])
    #expect(try view.tasks.map(\.number) == [3, 2, 1])
  }

  @Test func `adding several tasks is one revision`() throws {
    var view = MemoryView()
    try view.add("a", "b", "c")
    #expect(view.revision == 1)
  }

  @Test func `a number is never reused, even when the newest task is removed`() throws {
    var view = MemoryView()
    try view.add("a", "b")
    try view.apply(.removeTask(TaskReference("2"), .none))
    #expect(try view.add("c")[0].number == 3)
  }

  @Test func `a task is found by number, id, and the beginning of its id`() throws {
    var view = MemoryView()
    try view.apply(
      .addTasks([
        NewTask(id: "aaaa1111-x", title: "one"), NewTask(id: "aaaa2222-x", title: "two"),
      ]))
    #expect(try view.task(TaskReference("2")).task.title == "two")
    #expect(try view.task(TaskReference("aaaa1111-x")).task.title == "one")
    #expect(try view.task(TaskReference("aaaa2")).task.title == "two")
    #expect(try view.task(TaskReference("AAAA2")).task.title == "two")
  }

  @Test(arguments: [
    ("aaa", PDBError.Code.taskNotFound), ("aaaa", .ambiguousTask), ("9", .taskNotFound),
    ("", .taskNotFound), ("aaaa3", .taskNotFound),
  ])
  func `a reference that means no one task is refused`(
    reference: String, code: PDBError.Code
  ) throws {
    var view = MemoryView()
    try view.apply(
      .addTasks([
        NewTask(id: "aaaa1111-x", title: "one"), NewTask(id: "aaaa2222-x", title: "two"),
      ]))
    #expect(PDBError.code { _ = try view.task(TaskReference(reference)) } == code)
  }

  @Test func `what is a task's id means that task, even if it looks like a number`() throws {
    var view = MemoryView()
    try view.add("a", "b")
    try view.set("task_2", #"{"title":"c"}"#)
    try view.set("task_77", #"{"title":"d"}"#)
    #expect(try view.task(TaskReference("2")).task.title == "c")
    #expect(try view.task(TaskReference("77")).task.title == "d")
    try view.apply(.removeTask(TaskReference("2"), .none))
    #expect(try view.tasks.map(\.title) == ["d", "b", "a"])
    #expect(try view.task(TaskReference("2")).task.title == "b")
  }

  @Test func `an exact id never means a number or the beginning of another id`() throws {
    var view = MemoryView()
    try view.apply(.addTasks([NewTask(id: "12345678-x", title: "a")]))
    for id in ["1", "12345678", ""] {
      let remove = PDBModel.Operation.removeTask(.id(id), .none)
      #expect(PDBError.code { try view.apply(remove) } == .taskNotFound)
      let edit = PDBModel.Operation.editTask(.id(id), TaskEdit(completed: true), .none)
      #expect(PDBError.code { try view.apply(edit) } == .taskNotFound)
    }
    for id in ["..", ".", "a/b", "7"] {
      try view.set("task_" + id, #"{"title":"t"}"#)
      try view.apply(.editTask(.id(id), TaskEdit(title: id + "!"), .none))
      #expect(try view.task(.id(id)).task.title == id + "!")
      try view.apply(.removeTask(.id(id), .none))
    }
    #expect(try view.tasks.map(\.title) == ["a"])
  }

  @Test func `the beginning of an id may consist of digits`() throws {
    var view = MemoryView()
    try view.apply(.addTasks([NewTask(id: "12345678-x", title: "a")]))
    #expect(try view.task(TaskReference("12345678")).task.title == "a")
  }

  @Test func `ticking off twice is one change`() throws {
    var view = MemoryView()
    try view.add("a")
    let edit = PDBModel.Operation.editTask(
      TaskReference("1"), TaskEdit(title: nil, completed: true), .none)
    try view.apply(edit)
    try view.apply(edit)
    #expect(view.revision == 2)
    #expect(try view.tasks[0].completed)
  }

  @Test func `an edit at a stale revision is refused and changes nothing`() throws {
    var view = MemoryView()
    try view.add("a")
    try view.apply(
      .editTask(TaskReference("1"), TaskEdit(title: "b", completed: nil), .revision(1)))
    let stale = PDBModel.Operation.editTask(
      TaskReference("1"), TaskEdit(title: "c", completed: nil), .revision(1))
    #expect(PDBError.code { try view.apply(stale) } == .conflict)
    #expect(try view.tasks[0].title == "b")
  }

  @Test func `clearing removes the completed tasks and only those, as one change`() throws {
    var view = MemoryView()
    try view.add("a", "b", "c")
    for number in ["1", "3"] {
      try view.apply(
        .editTask(TaskReference(number), TaskEdit(title: nil, completed: true), .none))
    }
    let before = view.revision
    #expect(try view.apply(.removeCompletedTasks).count == 2)
    #expect(view.revision == before + 1)
    #expect(try view.tasks.map(\.title) == ["b"])
    #expect(try view.apply(.removeCompletedTasks).count == 0)
    #expect(view.revision == before + 1)
  }

  @Test func `a task keeps its form: these bytes are in users' files`() throws {
    let task = TaskItem(
      id: "x", number: 7, title: "Học \"Việt\"", completed: false,
      createdAt: "2026-11-21T03:04:05.678Z")
    #expect(
      task.json.text == """
        {"id":"x","number":7,"title":"Học \\"Việt\\"","completed":false,\
        "created_at":"2026-11-21T03:04:05.678Z"}
        """)
  }
}

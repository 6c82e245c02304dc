// Tasks with dates, priorities, tags, projects and notes.

import Foundation
import PDBKit
import Testing

@testable import pdb

extension ProcessTests {
  @Suite struct TaskFieldTests {
    @Test(arguments: StoreUnderTest.allCases)
    func `a task keeps its fields, and changes them one by one`(
      kind: StoreUnderTest
    ) async throws {
      try await kind.run { store in
        let db = Database(store)
        var fields = TaskFields()
        fields[.due] = "2026-12-04"
        fields[.tags] = ["school", "school", "Tết"]
        fields[.priority] = "high"
        let added = try await db.tasks.add("Nộp báo cáo", fields)
        #expect(added.due?.description == "2026-12-04" && added.priority == .high)
        #expect(added.tags == ["school", "Tết"] && added.project == nil)
        var change = TaskFields()
        change[.due] = .null
        change[.project] = "thesis"
        change[.notes] = "line\nline"
        let edited = try await db.tasks.edit("1", TaskEdit(fields: change))
        #expect(edited.due == nil && edited.project == "thesis" && edited.notes == "line\nline")
        #expect(edited.tags == ["school", "Tết"] && edited.title == "Nộp báo cáo")
        let done = try await db.tasks.complete("1")
        #expect(done.completedAt.flatMap(Timestamp.init(parsing:)) != nil)
        let again = try await db.tasks.complete("1")
        #expect(again.completedAt == done.completedAt)
        let reopened = try await db.tasks.edit("1", TaskEdit(completed: false))
        #expect(reopened.completedAt == nil && reopened.project == "thesis")
        for (field, value) in [
          (.due, "soon"), (.due, 7), (.due, "2026-02-30"), (.priority, "urgent"), (.tags, "a"),
          (.tags, ["a b"]), (.tags, ["a,b"]), (.tags, [1]), (.project, [:]), (.notes, 1),
        ] as [(TaskField, JSON)] {
          var wrong = TaskFields()
          wrong[field] = value
          do {
            try await db.tasks.edit("1", TaskEdit(fields: wrong))
            Issue.record("\(field) \(value.text) was taken")
          } catch let error as PDBError {
            #expect(error.code == .badRequest, "\(error)")
          }
        }
        #expect(try await db.tasks.get("1") == reopened)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a store lists the tasks whose fields are wanted`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let db = Database(store)
        for (title, members) in [
          ("một", ["due": "2026-11-20", "tags": ["học", "gấp"]]),
          ("hai", ["due": "2026-11-20T18:00:00+07:00", "project": "đồ án"]),
          ("ba", ["priority": "low", "tags": ["học"]]), ("bốn", [:]),
        ] as [(String, JSON)] {
          _ = try await db.tasks.add(title, TaskFields(json: members))
        }
        func titles(_ filter: TaskFilter) async throws -> [String] {
          try await store.tasks(TaskQuery(filter: filter), at: .now).all().map(\.task.title)
        }
        #expect(try await titles(TaskFilter()) == ["bốn", "ba", "hai", "một"])
        #expect(try await titles(TaskFilter(tags: ["học"])) == ["ba", "một"])
        #expect(try await titles(TaskFilter(tags: ["học", "gấp"])) == ["một"])
        #expect(try await titles(TaskFilter(project: "đồ án")) == ["hai"])
        #expect(try await titles(TaskFilter(tags: ["học"], priority: .low)) == ["ba"])
        // A day is over when it ends there, a moment everywhere at once.
        for (time, wanted) in [
          ("2026-11-20T10:59:59Z", []), ("2026-11-20T11:00:00Z", ["hai"]),
          ("2026-11-20T23:59:59.998+07:00", ["hai"]),
          ("2026-11-20T23:59:59.999+07:00", ["hai", "một"]),
          ("2026-11-20T23:59:59Z", ["hai"]), ("2026-11-21T00:00:00Z", ["hai", "một"]),
        ] {
          let limit = try #require(DueLimit(rfc3339: time))
          #expect(try await titles(TaskFilter(due: limit)) == wanted, "\(time)")
          #expect(DueLimit(rfc3339: limit.description) == limit)
        }
      }
    }

    @Test func `tasks are listed by what is kept of them`() async throws {
      let workspace = try Workspace(nodes: "")
      _ = try await workspace.run(["init"])
      for words in [
        ["một", "--due", "yesterday", "--tag", "a", "--priority", "low"],
        ["hai", "--due", "tomorrow", "--tag", "a", "--tag", "b", "--priority", "high"],
        ["ba", "--project", "p"], ["bốn"],
      ] {
        let run = try await workspace.run(["task", "add"] + words)
        #expect(run.status == 0, "\(run.error)")
      }
      func numbers(_ words: String...) async throws -> [String] {
        let run = try await workspace.run(["task", "ls"] + words)
        #expect(run.status == 0, "\(words): \(run.error)")
        return run.column(0)
      }
      #expect(try await numbers("--overdue") == ["1"])
      #expect(try await numbers("--tag", "a") == ["2", "1"])
      #expect(try await numbers("--tag", "a", "--tag", "b") == ["2"])
      #expect(try await numbers("--tag", "a,b") == ["2"])
      #expect(try await workspace.run(["task", "ls", "--overdue", "--done"]).status == 64)
      #expect(try await numbers("--project", "p") == ["3"])
      #expect(try await numbers("--priority", "low") == ["1"])
      #expect(try await numbers("--due", "today") == ["1"])
      #expect(try await numbers("--sort", "due") == ["1", "2", "3", "4"])
      #expect(try await numbers("--sort", "-priority", "--limit", "2") == ["2", "1"])
      _ = try await workspace.run(["task", "done", "1"])
      #expect(try await numbers("--overdue", "--all").isEmpty)
      #expect(try await workspace.run(["task", "ls", "--priority", "x"]).status == 64)
      #expect(try await workspace.run(["task", "add", "x", "--due", "never"]).status == 65)
      let paths = try await workspace.run(["task", "ls", "--fields", "number,tags.1"])
      #expect(paths.rows.contains(["2", "b"]))
    }

    @Test func `what a search finds is completed by one change`() async throws {
      let workspace = try Workspace(nodes: "")
      _ = try await workspace.run(["init"])
      _ = try await workspace.run(["task", "add", "Học Swift", "Học Raft", "Ngủ"])
      #expect(try await workspace.run(["task", "done", "--matching", "hoc"]).status == 4)
      let done = try await workspace.run(["task", "done", "--matching", "hoc", "--yes"])
      #expect(done.column(0) == ["2", "1"], "\(done.error)")
      #expect(try await workspace.run(["undo"]).output == "2\n")
      #expect(try await workspace.run(["task", "ls"]).rows.count == 3)
      #expect(try await workspace.run(["task", "done", "--matching", "none"]).status == 1)
      #expect(try await workspace.run(["task", "done"]).status == 64)
      #expect(try await workspace.run(["task", "done", "1", "--matching", "x"]).status == 64)
    }

    @Test func `an editor changes a task and a value, if nobody else does`() async throws {
      let workspace = try Workspace(nodes: "")
      _ = try await workspace.run(["init"])
      _ = try await workspace.run(["task", "add", "một", "--tag", "a"])
      _ = try await workspace.run(["kv", "set", "k", "{\"a\":1}"])
      func edit(_ editor: String, _ words: String...) async throws -> CommandResult {
        try await workspace.run(words, environment: ["EDITOR": editor])
      }
      let task = try await edit(
        "sed -i -e s/một/hai/ -e 's/^due:.*/due: 2026-12-01/' -e '$ a notes'", "task", "edit", "1",
        "--json")
      #expect(try task.json["title"]?.string == "hai", "\(task.error)")
      #expect(try task.json["due"]?.string == "2026-12-01")
      #expect(try task.json["notes"]?.string == "notes")
      #expect(try task.json["tags"]?.array?.count == 1)
      #expect(try await edit("true", "task", "edit", "1").output.isEmpty)
      #expect(try await edit("sed -i s/1/7/", "kv", "edit", "k").status == 0)
      #expect(try await workspace.run(["kv", "get", "k"]).output == "{\"a\":7}\n")
      #expect(try await edit("sed -i s/7//", "kv", "edit", "k").status == 65)
      #expect(try await edit("false", "kv", "edit", "k").status == 65)
      #expect(try await edit("true", "kv", "edit", "none").status == 1)
      let program = program.path
      let raced = try await edit("'\(program)' kv incr n; sed -i s/7/8/", "kv", "edit", "k")
      #expect(raced.status == 0, "\(raced.error)")
      let lost = try await edit("'\(program)' kv set k 1; sed -i s/8/9/", "kv", "edit", "k")
      #expect(lost.status == 3)
      #expect(try await workspace.run(["kv", "get", "k"]).output == "1\n")
    }
  }
}

@Suite struct TaskTextTests {
  @Test func `what is written for an editor is read as it was`() throws {
    let json = #"""
      {"id":"a","number":1,"title":"x: y","completed":false,"created_at":"","due":"2026-12-01",
      "priority":"low","tags":["a","b"],"project":"p","notes":"one\n\ntwo: three"}
      """#
    let task = try #require(TaskItem(json: try JSON(parsing: Bytes(json.utf8))))
    let edit = try TaskText(parsing: TaskText(task).text).edit
    #expect(edit.title == "x: y" && edit.fields[.due] == "2026-12-01")
    #expect(edit.fields[.tags] == ["a", "b"] && edit.fields[.notes] == "one\n\ntwo: three")
    #expect(PDBError.code { _ = try TaskText(parsing: "colour: red\n") } == .badRequest)
  }
}

extension PDBError {
  /// The code of the error that `body` throws; `nil` if it throws none.
  fileprivate static func code(_ body: () throws -> Void) -> Code? {
    do {
      try body()
      return nil
    } catch { return (error as? PDBError)?.code }
  }
}

// Lists of tasks from other programs.

import Testing

@testable import PDBImport
@testable import PDBModel

@Suite struct TaskListTests {
  private func tasks(_ text: String) throws -> [JSON] {
    try ImportFile(Bytes(text.utf8)).pairs.map { try JSON(parsing: $0.value) }
  }

  @Test func `taskwarrior's tasks keep what they have`() throws {
    let file = try ImportFile(
      Bytes(
        #"""
        [{"id":1,"uuid":"ABCD0000-0000-0000-0000-000000000001","description":"Học","status":"pending",
        "entry":"20261127T101112Z","due":"20261128T170000Z","priority":"H","project":"p","tags":["a","b"],
        "annotations":[{"entry":"20261127T101112Z","description":"n1"},{"description":"n2"}],"urgency":9.1},
        {"uuid":"x","description":"done","status":"completed","entry":"20261126T000000Z",
        "end":"20261127T000000Z"},
        {"uuid":"y","description":"gone","status":"deleted","entry":"20261126T000000Z"}]
        """#.utf8))
    #expect(file.format == "taskwarrior's JSON" && file.pairs.count == 2)
    #expect(file.pairs[1].key == Bytes(utf8: "task_abcd0000-0000-0000-0000-000000000001"))
    let first = try JSON(parsing: file.pairs[1].value)
    #expect(first["due"]?.string == "2026-11-28T17:00:00Z" && first["priority"]?.string == "high")
    #expect(first["tags"]?.array?.count == 2 && first["notes"]?.string == "n1\nn2")
    #expect(first["created_at"]?.string == "2026-11-27T10:11:12Z")
    let done = try JSON(parsing: file.pairs[0].value)
    #expect(done["completed"]?.bool == true)
    #expect(done["completed_at"]?.string == "2026-11-27T00:00:00Z")
  }

  @Test func `lines of CSV are tasks, whatever stands in quotes`() throws {
    let text =
      "due,Title,tags,completed,notes\r\n2026-12-01,\"a, \"\"b\"\"\",x y,yes,\"l1\nl2\"\r\n\r\n,c,,,\r\n"
    let found = try tasks(text)
    #expect(found.count == 2)
    let first = try #require(found.first { $0["title"]?.string == "a, \"b\"" })
    #expect(first["due"]?.string == "2026-12-01" && first["completed"]?.bool == true)
    #expect(first["tags"]?.array?.count == 2 && first["notes"]?.string == "l1\nl2")
    // The same file again is the same tasks.
    #expect(
      try ImportFile(Bytes(text.utf8)).pairs.map(\.key)
        == ImportFile(Bytes(text.utf8)).pairs.map(\.key))
  }

  @Test(arguments: [
    ("title,due\na,soon", "line 2: 'soon' is no date"),
    ("title,priority\na,low\nb,urgent", "line 3: 'urgent' is no priority"),
    ("title,due\n,2026-12-01", "line 2: the task has no title"),
    ("title\na,b", "line 2: it has more cells"),
  ])
  func `what is wrong is said with its line`(text: String, message: String) {
    do {
      _ = try ImportFile(Bytes(text.utf8))
      Issue.record("it was taken")
    } catch {
      #expect((error as? PDBError)?.message.contains(message) == true, "\(error)")
    }
  }
}

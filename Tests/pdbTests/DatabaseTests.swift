// The library as programs use it: the same lines on every place.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct DatabaseTests {
    struct User: Codable, Equatable, Sendable {
      var name: String
      var born: Date?
    }

    /// The lines that the README shows.
    private static func program(_ db: Database) async throws {
      try await db.set("user:lan", to: User(name: "Lan"), if: .absent)
      let lan = try await db.get("user:lan", as: User.self)
      let task = try await db.tasks.add("Học Python", due: .tomorrow)
      #expect(lan == User(name: "Lan"))
      #expect(task.title == "Học Python" && task.due == .tomorrow && task.number == 1)
      for try await change in db.changes(prefix: "user:", since: 0) {
        #expect(change.key == "user:lan")
        break
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `the lines of the README run on every place`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        try await Self.use(Database(store))
      }
    }

    private static func use(_ db: Database) async throws {
      try await program(db)
      let lan = try #require(try await db.entry("user:lan", as: User.self))
      await #expect(throws: PDBError.self) {
        try await db.set("user:lan", to: User(name: "Mai"), if: .absent)
      }
      let time = Date(timeIntervalSince1970: 1_000_000_000)
      try await db.set("user:lan", to: User(name: "Lan", born: time), if: .revision(lan.revision))
      #expect(try await db.get("user:lan", as: User.self)?.born == time)
      #expect(try await db.increment("visits", by: 41) == 41)
      #expect(try await db.increment("visits") == 42)
      try await db.append(["a", "b"], to: "list")
      #expect(try await db.get("list", as: [String].self) == ["a", "b"])
      #expect(try await db.remove("list"))
      #expect(try await db.remove("list") == false)
      try await db.undo()
      #expect(try await db.get("list", as: [String].self) == ["a", "b"])
      try await db.set("user:mai", to: User(name: "Mai"))
      let users = try await db.entries(prefix: "user:", as: User.self)
      #expect(try await users.all().map(\.value.name) == ["Lan", "Mai"])
      var keys: [String] = []
      for try await user in users { keys.append(user.key) }
      #expect(keys == ["user:lan", "user:mai"])
      do {
        _ = try await db.get("visits", as: User.self)
        Issue.record("a number was read as a user")
      } catch { #expect(error.code == .invalidValue && error.outcome == .notApplied) }
      let second = try await db.tasks.add("Làm đồ án")
      #expect(try await db.tasks.complete("2").completed)
      #expect(try await db.tasks.list(TaskQuery(isCompleted: false)).map(\.number) == [1])
      #expect(try await db.tasks.get(second.id).number == 2)
      try await db.tasks.remove("2")
      #expect(try await db.tasks.list().count == 1)
      let newest = try await db.history().revisions[0]
      #expect(newest.operation == "task rm")
      var seen: [String] = []
      for try await change in db.changes(since: newest.number - 2) {
        seen.append(change.isRemoval ? "removed" : "set")
        if change.revision == newest.number { break }
      }
      #expect(seen == ["set", "removed"])
    }

    @Test func `a folder is opened by a program, and again by the next`() async throws {
      let workspace = try Workspace()
      for expected in 1...2 as ClosedRange<Int64> {
        try await PDB.open(workspace.path + "/notes", author: "lan") { db in
          let runs = try await db.increment("runs")
          #expect(runs == expected)
        }
      }
    }

    @Test(arguments: [
      ("2026-11-28", true), ("2026-11-28T18:00:00+07:00", true), ("2024-02-29", true),
      ("2026-02-29", false), ("2026-11-28T25:00:00Z", false), ("2026-11-28 18:00", false),
      ("morgen", false), ("", false), ("2026-11-28T18:00:00", false),
    ])
    func `a due date is a day, or a moment with its zone`(text: String, isValid: Bool) {
      #expect(((try? DueDate(parsing: text)) != nil) == isValid)
    }
  }
}

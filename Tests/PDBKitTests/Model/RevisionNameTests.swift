// Names of revisions and of tags, and what may be forgotten beside them.

import Testing

@testable import PDBCoordinator
@testable import PDBModel

@Suite struct RevisionNameTests {
  @Test(arguments: [
    ("@", RevisionName.newest), ("@~", RevisionName(.newest, back: 1)),
    ("@~12", RevisionName(.newest, back: 12)), ("7", .number(7)),
    ("0~0", .number(0)), ("7~2", RevisionName(.number(7), back: 2)),
    (
      "2026-11-20T08:30:00Z",
      RevisionName(.time(Timestamp(parsing: "2026-11-20T08:30:00.000Z")!))
    ),
    (
      "@{2026-11-20T15:30:00.25+07:00}~1",
      RevisionName(.time(Timestamp(parsing: "2026-11-20T08:30:00.250Z")!), back: 1)
    ),
  ])
  func `a name is read, and written so that it is read again`(
    text: String, name: RevisionName
  ) throws {
    #expect(try RevisionName(parsing: text) == name)
    #expect(try RevisionName(parsing: name.description) == name)
  }

  @Test func `what begins with a letter is a tag`() throws {
    let tag = try TagName("v1.0")
    #expect(try RevisionName(parsing: "v1.0~2") == RevisionName(.tag(tag), back: 2))
    #expect(try RevisionName(parsing: "Đợt-một").base == .tag(TagName("Đợt-một")))
  }

  @Test(arguments: [
    "", "~", "@~-1", "@~+1", "@@", "+7", "-7", "7~x", "18446744073709551616", "2026-11-20", "a b",
    "a..b", "v1:x", "@{yesterday}", "_x", "v\u{7}",
  ])
  func `what names no revision is refused`(text: String) {
    #expect(PDBError.code { _ = try RevisionName(parsing: text) } == .badRequest)
  }

  @Test func `the same name in another form of Unicode is the same tag`() throws {
    #expect(try TagName("e\u{301}t") == TagName("\u{E9}t"))
    #expect(PDBError.code { _ = try TagName(String(repeating: "a", count: 129)) } == .badRequest)
  }

  @Test func `times before the history begins are not guessed`() throws {
    var view = MemoryView()
    for time in [10, 20, 30] as [Int64] {
      try view.apply(
        .set(key: [0x61], value: [0x31], .none), at: Timestamp(milliseconds: time))
    }
    func number(_ time: Int64, _ mark: DataMark) throws -> UInt64 {
      try view.number(of: RevisionName(.time(Timestamp(milliseconds: time))), mark)
    }
    var mark = view.mark.data
    #expect(try [9, 10, 25, 99].map { try number($0, mark) } == [0, 1, 2, 3])
    _ = view.forget(Forgetting(1, keepingFrom: 1))
    mark.compactedRevision = 1
    #expect(PDBError.code { _ = try number(10, mark) } == .revisionNotFound)
    #expect(try number(20, mark) == 2)
  }
}

@Suite struct HeldVersionTests {
  private typealias Version = Forgetting.Version

  private func left(
    _ versions: [(UInt64, Bool)], forgetting number: UInt64, held: [UInt64]
  ) -> [UInt64] {
    let versions = versions.map { Version(revision: $0.0, isTombstone: $0.1) }
    let forgetting = Forgetting(number, keepingFrom: number, held: held)
    let gone = forgetting.superfluous(among: versions)
    return versions.map(\.revision).filter { !gone.contains($0) }
  }

  @Test func `only the newest forgotten version stays`() {
    #expect(left([(1, false), (3, false), (9, false)], forgetting: 3, held: []) == [3, 9])
  }

  @Test func `what a key holds stays, however old it is`() {
    #expect(left([(1, false)], forgetting: 9, held: []) == [1])
    #expect(left([(1, false), (3, false), (12, false)], forgetting: 9, held: []) == [3, 12])
    #expect(left([(12, true)], forgetting: 9, held: []) == [12])
  }

  @Test func `a version stays as long as a tag reads it`() {
    let versions: [(UInt64, Bool)] = [(1, false), (3, false), (5, false), (9, false)]
    #expect(left(versions, forgetting: 5, held: [1]) == [1, 5, 9])
    #expect(left(versions, forgetting: 5, held: [2, 4]) == [1, 3, 5, 9])
    #expect(left(versions, forgetting: 5, held: [8]) == [5, 9])
  }

  @Test func `a tombstone stays as long as something older does`() {
    let versions: [(UInt64, Bool)] = [(1, false), (3, true), (5, false)]
    #expect(left(versions, forgetting: 3, held: []) == [5])
    #expect(left(versions, forgetting: 3, held: [2]) == [1, 3, 5])
    #expect(left(versions, forgetting: 5, held: [4]) == [5])
    #expect(left(versions, forgetting: 5, held: [2, 4]) == [1, 3, 5])
    #expect(left(versions, forgetting: 5, held: [2]) == [1, 5])
    #expect(left([(1, false), (3, true)], forgetting: 3, held: []) == [])
  }
}

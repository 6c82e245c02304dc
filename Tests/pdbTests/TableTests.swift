// Tables on wide and narrow terminals.

import Testing

@testable import pdb

@Suite struct TableTests {
  private static func members(_ addresses: String...) -> Table {
    var table = Table(
      .init(title: "NODE", keepsFirstWord: true), .init(title: "ROLE"),
      .init(title: "APPLIED", isNumber: true), .init(title: "ADDRESS", keepsFirstWord: true))
    for address in addresses { table.add("4000", "follower", "1042", address) }
    return table
  }

  private static func lines(_ table: Table, _ width: Int) -> [String] {
    table.text(width: width).string.split(separator: "\n").map(String.init)
  }

  @Test func `what has room is a table as wide as it must be`() {
    #expect(
      Self.lines(Self.members("127.0.0.1:4000"), 80) == [
        " NODE  ROLE      APPLIED  ADDRESS", " 4000  follower     1042  127.0.0.1:4000",
      ])
  }

  @Test func `the reason behind an address is cut, and the address is not`() {
    let table = Self.members("127.0.0.1:4000  connection refused", "127.0.0.1:4001")
    #expect(Self.lines(table, 44)[1] == " 4000  follower     1042  127.0.0.1:4000  c…")
    #expect(Self.lines(table, 42)[1] == " 4000  follower     1042  127.0.0.1:4000 …")
  }

  @Test func `where a table has no room there is a cell a line`() {
    #expect(
      Self.lines(Self.members("127.0.0.1:4000  gone"), 38) == [
        " NODE     4000", " ROLE     follower", " APPLIED  1042",
        " ADDRESS  127.0.0.1:4000  gone",
      ])
  }

  @Test(arguments: [40, 50, 80])
  func `nothing is cut without an ellipsis`(width: Int) {
    var table = Table(
      .init(title: "NO", isNumber: true), .init(title: "CREATED", isOptional: true),
      .init(title: "TITLE"))
    let title = String(repeating: "Học Việt ", count: 12)
    table.add("12", "2026-11-21 11:30", title)
    let lines = Self.lines(table, width)
    #expect(lines.count == 2 && lines.allSatisfy { $0.displayWidth <= width })
    #expect(lines[1].hasSuffix("…"))
    // The title matters more than when the task was made.
    #expect(lines[0].contains("CREATED") == (width > 45), "\(lines)")
  }
}

@Suite struct CollationTests {
  @Test func `accents and case count after letters`() {
    let sorted = [
      "Zebra", "đi", "Ăn", "á", "dọn", "Đá", "e", "a", "ân", "An", "zoo", "à", "ấm", "âm", "A", "b",
    ].sorted { CollationKey($0) < CollationKey($1) }
    #expect(
      sorted == [
        "a", "A", "à", "á", "âm", "ấm", "An", "Ăn", "ân", "b", "dọn", "Đá", "đi", "e", "Zebra",
        "zoo",
      ])
  }

  @Test func `the way a letter is written does not count`() {
    #expect(!(CollationKey("Học") < CollationKey("Ho\u{323}c")))
    #expect(!(CollationKey("Ho\u{323}c") < CollationKey("Học")))
  }
}

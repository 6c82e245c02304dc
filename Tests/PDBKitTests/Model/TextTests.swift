// Titles, times, addresses, search: text at the edges.

import Testing

@testable import PDBCoordinator
@testable import PDBImport
@testable import PDBModel

@Suite struct TextTests {
  @Test func `a title is trimmed and normalised to NFC`() throws {
    #expect(try Title("  Ho\u{323}c \n").text.unicodeScalars.elementsEqual("Học".unicodeScalars))
  }

  @Test(arguments: [
    ("", PDBError.Code.titleRequired), (" \t\n ", .titleRequired), ("a\nb", .invalidTitle),
    ("a\u{1B}[31m", .invalidTitle), ("a\u{0}", .invalidTitle), ("a\u{85}b", .invalidTitle),
    ("a\u{2028}b", .invalidTitle), (String(repeating: "x", count: 4097), .invalidTitle),
  ])
  func `a title that cannot be is refused`(text: String, code: PDBError.Code) {
    #expect(PDBError.code { _ = try Title(text) } == code)
  }

  @Test func `a title may be as long as the limit, counted in bytes`() throws {
    _ = try Title(String(repeating: "đ", count: 2048))
    #expect(PDBError.code { _ = try Title(String(repeating: "đ", count: 2049)) } == .invalidTitle)
  }

  @Test(arguments: [
    ("Học Việt", "hoc viet"), ("ĐƯỜNG", "duong"), ("Ho\u{323}c", "hoc"), ("İ", "i"),
  ])
  func `search sees no case and no accents`(text: String, folded: String) {
    #expect(text.foldedForSearch == folded)
  }

  @Test func `search folds as the page does`() throws {
    let cases = try PageCases.read("folding")
    for item in cases {
      let (text, folded) = (try #require(item["text"]?.string), item["folded"]?.string)
      #expect(text.foldedForSearch == folded)
    }
    #expect(!cases.isEmpty)
  }

  @Test func `control characters are shown, not obeyed`() {
    #expect("a\u{1B}[2J\n\u{202E}".escapingControlCharacters == #"a\u{1B}[2J\n\u{202E}"#)
    for value in [0x00...0x1F, 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069]
      as [ClosedRange<UInt32>]
    {
      for value in value {
        let scalar = Unicode.Scalar(value)!
        let shown = String(scalar).escapingControlCharacters
        #expect(shown.utf8.allSatisfy { (0x20..<0x7F).contains($0) }, "\(value)")
      }
    }
    #expect("\u{61C}".escapingControlCharacters == #"\u{61C}"#)
    // Marks that letters need stay.
    #expect("e\u{301}\u{200D}".escapingControlCharacters == "e\u{301}\u{200D}")
  }

  @Test func `JSON for a terminal says the same and steers nothing`() throws {
    let text = "a\u{1B}\u{7F}\u{9B}\u{2028}\u{202E}\u{61C}\"\\ đ 😀"
    let json: JSON = ["\u{9D}key": .string(text), "n": 1]
    #expect(try JSON(parsing: json.textForTerminals.utf8) == json)
    #expect(json.textForTerminals == json.textForTerminals.escapingControlCharacters)
    #expect(json.textForTerminals.contains("\\u009B") && json.textForTerminals.contains("đ 😀"))
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
    (951_782_400_000, "2000-02-29T00:00:00.000Z"),
    (1_795_233_624_743, "2026-11-21T04:00:24.743Z"),
    (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
  ])
  func `a time is written as RFC 3339 in UTC`(milliseconds: Int64, text: String) {
    #expect(Timestamp(milliseconds: milliseconds).description == text)
  }

  @Test(arguments: [
    ("127.0.0.1:4000", "127.0.0.1:4000"), ("4001", "127.0.0.1:4001"),
    ("localhost:4000", "127.0.0.1:4000"), ("http://Node1.Example:80/", "node1.example:80"),
    ("[::1]:4000", "[::1]:4000"),
  ])
  func `an address is read`(text: String, address: String) throws {
    #expect(try NodeAddress(parsing: text).description == address)
  }

  @Test(arguments: [
    "", ":", ":4000", "host:", "host:0", "host:65536", "::1:4000", "a b:1", "a/b:1",
  ])
  func `what is no address is refused`(text: String) {
    #expect(PDBError.code { _ = try NodeAddress(parsing: text) } == .badConfiguration)
  }

  @Test(arguments: [
    ("127.0.0.1:1", true), ("127.1.2.3:1", true), ("[::1]:1", true), ("localhost:1", true),
    ("0.0.0.0:1", false), ("192.168.0.1:1", false), ("127.evil.example:1", false),
    ("127.0.0.1.evil.example:1", false), ("127.a.b.evil:1", false),
  ])
  func `loopback is only this machine`(text: String, isLoopback: Bool) throws {
    #expect(try NodeAddress(parsing: text).isLoopback == isLoopback)
  }
}

@Suite struct BytesTests {
  @Test func `the end of a prefix sorts after all that begin with it`() {
    #expect(Bytes([1, 2]).prefixEnd == [1, 3])
    #expect(Bytes([1, 0xFF]).prefixEnd == [2])
    #expect(Bytes([0xFF, 0xFF]).prefixEnd == nil)
    #expect(Bytes([]).prefixEnd == nil)
  }
}

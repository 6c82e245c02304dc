// JSON: exact, strict, bounded.

import Raft
import Testing

@testable import PDBCoordinator
@testable import PDBModel

@Suite struct JSONTests {
  @Test(arguments: [
    "null", "true", "false", "0", "-0", "1.50", "1e5", "12345678901234567890123", "\"\"",
    "\"Học\"", "[]", "[1,[2,{}]]", "{}", #"{"b":1,"a":{"c":null}}"#, #"{"a":1,"a":2}"#,
  ])
  func `a value comes back as it was written`(text: String) throws {
    #expect(try JSON(parsing: text.utf8).text == text)
  }

  @Test func `names that differ only in normalisation stay apart`() throws {
    let json = try JSON(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}".utf8)
    #expect(json["\u{E9}"]?.int64 == 1)
    #expect(json["e\u{301}"]?.int64 == 2)
  }

  @Test(arguments: [
    (#""\u0041\n\/\"\\""#, "A\n/\"\\"), (#""\ud83d\ude00""#, "😀"), (#""\u0000""#, "\0"),
  ])
  func `escapes are read`(text: String, value: String) throws {
    #expect(try JSON(parsing: text.utf8).string == value)
  }

  @Test func `control characters are written escaped`() {
    #expect(JSON.string("\u{1}\n\u{7F}").text == #""\u0001\n\u007f""#)
  }

  @Test(arguments: [
    "", " ", "nul", "tru", "01", "1.", ".5", "+1", "1e", "-", "'a'", "\"a", "\"\u{1}\"",
    #""\x""#, #""\u12""#, #""\u+123""#, #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#, "[1,]",
    "[1", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "1 2", "[] x", "NaN", "//", "\u{FEFF}1",
  ])
  func `what RFC 8259 does not allow is refused`(text: String) {
    #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: text.utf8) }
  }

  @Test(arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]])
  func `bytes that are not UTF-8 are refused`(bytes: [Int]) {
    #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: bytes.map { UInt8($0) }) }
  }

  @Test func `nesting is bounded`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSON(parsing: nested(Limits.jsonDepth).utf8)
    for depth in [Limits.jsonDepth + 1, 10_000, 1_000_000] {
      #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: nested(depth).utf8) }
    }
  }

  @Test func `any bytes are read or refused, never trapped on`() {
    var random = SplitMix64(seed: 7)
    let alphabet = Array("{}[]\",:0123456789.eE+-truefalsn\\u \u{E9}".utf8) + [0xFF, 0x00]
    var accepted = 0
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in
        alphabet.randomElement(using: &random)!
      }
      if let json = try? JSON(parsing: text) {
        accepted += 1
        #expect((try? JSON(parsing: json.serialized()).serialized()) == json.serialized())
      }
    }
    #expect(accepted > 100)
  }

  @Test(arguments: [
    Pair(key: Bytes(utf8: "a"), value: Bytes(utf8: "1"), revision: 7),
    Pair(key: Bytes(utf8: "\"\\\u{7F}\n đ"), value: Bytes(utf8: #"{"x":["y",null]}"#), revision: 1),
    Pair(key: [0xFF], value: Bytes(utf8: "1"), revision: 2),
    Pair(key: Bytes(utf8: "k"), value: [0x00, 0xFF], revision: 3),
    Pair(key: Bytes(utf8: "k"), value: Bytes(utf8: "no JSON"), revision: 4),
  ])
  func `a pair is written as it would be put together`(pair: Pair) {
    var bytes: Bytes = []
    pair.write(to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == pair.json.text)
  }
}

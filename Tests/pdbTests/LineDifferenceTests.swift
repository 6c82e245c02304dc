// What differs between two values, as lines.

import PDBKit
import Testing

@testable import pdb

@Suite struct LineDifferenceTests {
  private static func lines(_ before: String?, _ after: String?) -> [String] {
    LineDifference(before.map { Bytes(utf8: $0) }, after.map { Bytes(utf8: $0) })
      .text(Style(isOn: false)).map(\.string)
  }

  @Test func `nothing, null, and values that read alike are told apart`() {
    #expect(Self.lines(nil, "null") == ["+ null"])
    #expect(Self.lines("null", nil) == ["- null"])
    #expect(Self.lines("5", "\"5\"") == ["- 5", "+ \"5\""])
    #expect(Self.lines("\"năm\"", nil) == ["- năm"])
  }

  @Test func `members are compared by name, whatever their order`() {
    #expect(
      Self.lines(#"{"a":1,"b":2,"c":3}"#, #"{"c":3,"a":1,"b":4,"d":null}"#) == [
        "  c: 3", "  a: 1", "- b: 2", "+ b: 4", "+ d: null",
      ])
    #expect(Self.lines(#"{"a":1}"#, "1") == ["- a: 1", "+ 1"])
  }

  @Test func `of many lines those around a change are shown`() {
    let text = (1...20).map { "dòng \($0)" }
    var changed = text
    changed[9] = "mười"
    changed.remove(at: 0)
    let stored = { (lines: [String]) in JSON.string(lines.joined(separator: "\n") + "\n").text }
    #expect(
      Self.lines(stored(text), stored(changed)) == [
        "- dòng 1", "  dòng 2", "  dòng 3", "  dòng 4", "@@ line 7 @@", "  dòng 7", "  dòng 8",
        "  dòng 9", "- dòng 10", "+ mười", "  dòng 11", "  dòng 12", "  dòng 13",
      ])
  }
}

// Pickles become the JSON that Python itself would write.

import Testing

@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBImport
@testable import PDBModel
@testable import PDBServer
@testable import PDBStorage
@testable import PDBStore

@Suite struct PickleTests {
  private func decoded(_ text: String) throws -> String {
    try Pickle.decode(Bytes(latin1: text)).text
  }

  @Test(arguments: PickleFixtures.protocols.indices)
  func `what Python wrote is read, in every protocol`(number: Int) throws {
    let bytes = PickleFixtures.bytes(PickleFixtures.protocols[number])
    #expect(Pickle.looksLikePickle(bytes))
    #expect(try Pickle.decode(bytes).text == PickleFixtures.json)
  }

  @Test(arguments: [
    ("I01\n.", "true"), ("I00\n.", "false"), ("I-0012\n.", "-12"), ("I-0\n.", "0"),
    ("L123456789012345678901234567890L\n.", "123456789012345678901234567890"), ("L7\n.", "7"),
    ("J\u{FE}\u{FF}\u{FF}\u{FF}.", "-2"), ("K\u{FF}.", "255"), ("M\u{FF}\u{FF}.", "65535"),
    ("\u{8A}\u{0}.", "0"), ("\u{8A}\u{1}\u{80}.", "-128"), ("\u{8A}\u{2}\u{FF}\u{0}.", "255"),
    ("\u{8A}\u{8}\0\0\0\0\0\0\0\u{80}.", "-9223372036854775808"),
    ("\u{8A}\u{9}\0\0\0\0\0\0\0\0\u{1}.", "18446744073709551616"),
    ("\u{8B}\u{5}\0\0\0\0\u{CA}\u{9A}\u{3B}\0.", "1000000000"),
    ("F1.5\n.", "1.5"), ("F-1e-7\n.", "-1e-07"), ("F1e+300\n.", "1e+300"), ("F3\n.", "3.0"),
    ("G?\u{B9}\u{99}\u{99}\u{99}\u{99}\u{99}\u{9A}.", "0.1"), ("N.", "null"),
    ("F9007199254740993\n.", "9007199254740992.0"), ("F1e16\n.", "1e+16"),
  ])
  func `numbers keep all their digits`(pickle: String, json: String) throws {
    #expect(try decoded(pickle) == json)
  }

  @Test func `a large integer is exact`() throws {
    // Two to the power of 1024, from Python.
    let bytes = Bytes(latin1: "\u{8A}\u{81}") + Bytes(repeating: 0, count: 128) + [1, 0x2E]
    let digits = """
      1797693134862315907729305190789024733617976978942306572734300811577326758055009631327084773\
      2240753602112011387987139335765878976881441662249284743063947412437776789342486548527630221\
      9601246094119453082952085005768838150682342462881473913110540827237163350510684586298239947\
      245938479716304835356329624224137216
      """
    #expect(try Pickle.decode(bytes).text == digits)
  }

  @Test(arguments: [
    ("Va\\u000a\\u005c\u{E9}\\U0001f600\n.", "a\n\\\u{E9}😀"), ("V\\ud83d\\ude00\n.", "😀"),
    ("V\\n\\\\u0041\\\\\\u0041\n.", "\\n\\\\u0041\\\\A"),
    ("X\u{3}\0\0\0\u{1E}\u{1}a.", "\u{1E}\u{1}a"),
    ("\u{8C}\u{2}\u{C3}\u{A9}.", "é"), ("\u{8D}\u{1}\0\0\0\0\0\0\0a.", "a"),
    (#"S'H\xe1\xbb\x8dc \'\\\n\101\q'"# + "\n.", "Học '\\\nA\\q"), ("S\"'\"\n.", "'"),
    ("T\u{2}\0\0\0\u{C3}\u{A9}.", "é"), ("U\u{1}a.", "a"), ("C\u{2}\u{C3}\u{A9}.", "é"),
    ("B\u{1}\0\0\0a.", "a"), ("\u{8E}\u{1}\0\0\0\0\0\0\0a.", "a"),
    ("\u{96}\u{1}\0\0\0\0\0\0\0a.", "a"),
  ])
  func `text is read in all notations`(pickle: String, text: String) throws {
    #expect(
      Bytes(utf8: try #require(try Pickle.decode(Bytes(latin1: pickle)).string))
        == Bytes(utf8: text))
  }

  @Test(arguments: ["C\u{3}ab\u{FF}.", "U\u{3}ab\u{FF}.", "S'ab\\xff'\n."])
  func `bytes that are not text become base64`(pickle: String) throws {
    #expect(try decoded(pickle) == #"{"value_b64":"YWL/"}"#)
  }

  @Test(arguments: [
    ("(I1\nI2\nl.", "[1,2]"), ("(I1\nt.", "[1]"), (").", "[]"), ("\u{8F}(K\u{1}\u{90}.", "[1]"),
    ("(K\u{1}\u{91}.", "[1]"), ("(Va\nI1\nd.", #"{"a":1}"#), ("}Va\nI1\ns.", #"{"a":1}"#),
    ("NK\u{1}\u{85}0.", "null"), ("(K\u{1}1N.", "null"), ("N(0.", "null"),
    ("K\u{1}2\u{86}.", "[1,1]"),
    ("]q\u{0}(h\u{0}h\u{0}K\u{1}e0]r\u{5}\0\0\0j\u{5}\0\0\0\u{86}.", "[[],[]]"),
  ])
  func `containers are put together`(pickle: String, json: String) throws {
    #expect(try decoded(pickle) == json)
  }

  @Test func `a list that is kept is the same list everywhere, also when it grows later`() throws {
    #expect(try decoded("(]p7\n\u{85}g7\nI1\nal.") == "[[[1]],[1]]")
  }

  @Test func `keys become text as in json dumps`() throws {
    let json = #"{"null":1,"true":2,"false":3,"7":4,"2.5":5}"#
    #expect(try decoded("}(NK\u{1}\u{88}K\u{2}\u{89}K\u{3}K\u{7}K\u{4}F2.5\nK\u{5}u.") == json)
  }

  @Test func `a key that is set again keeps its place`() throws {
    #expect(try decoded("}(Va\nI1\nVb\nI2\nVa\nI3\nu.") == #"{"a":3,"b":2}"#)
  }

  @Test func `keys that differ only in normalisation stay apart`() throws {
    #expect(
      try Pickle.decode(Bytes(latin1: "}(V\u{E9}\nI1\nVe\\u0301\nI2\nu.")).members?.count == 2)
  }

  @Test(arguments: ["}(Va\nI1\nI1\nI2\nV1\nI3\nu.", "})Ns.", "}]Ns.", "}C\u{1}\u{FF}Ns."])
  func `keys that JSON cannot tell apart or hold are refused`(pickle: String) {
    #expect(throws: PDBError.self) { try decoded(pickle) }
  }

  @Test(arguments: ["Fnan\n.", "Finf\n.", "F-inf\n.", "F1e999\n.", "G\u{7F}\u{F0}\0\0\0\0\0\0."])
  func `floats without a word in JSON are refused`(pickle: String) {
    let error = #expect(throws: PDBError.self) { try decoded(pickle) }
    #expect(error?.message.contains("JSON has no word") == true)
  }

  @Test(arguments: [
    "", "{}", "[1,2]", "\"a.\"", "1.5", "true", "null", " {\"a\":1}", "\u{EF}\u{BB}\u{BF}{}",
  ])
  func `JSON does not look like a pickle`(text: String) {
    #expect(!Pickle.looksLikePickle(Bytes(latin1: text)))
  }
}

extension Bytes {
  /// One byte for each character up to U+00FF.
  init(latin1 text: String) { self = text.unicodeScalars.map { UInt8($0.value) } }
}

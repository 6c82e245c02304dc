// Pickles that were made to do harm, and pickles that were damaged: read or refused, no more.

import Testing

@testable import PDBCluster
@testable import PDBImport
@testable import PDBModel
@testable import PDBStorage

@Suite struct PickleSafetyTests {
  private func refusal(of bytes: Bytes) -> String? {
    #expect(throws: PDBError.self) { try Pickle.decode(bytes) }?.message
  }

  // MARK: Hostile

  @Test(arguments: [
    ("cposix\nsystem\np0\n(Vecho hi\np1\ntp2\nRp3\n.", "'GLOBAL' 'posix.system' at byte 0"),
    ("\u{80}\u{2}cposix\nsystem\nq\0X\u{7}\0\0\0echo hiq\u{1}\u{85}q\u{2}Rq\u{3}.", "'GLOBAL'"),
    (
      "\u{80}\u{4}\u{8C}\u{5}posix\u{94}\u{8C}\u{6}system\u{94}\u{93}\u{94}.",
      "'STACK_GLOBAL' 'posix.system' at byte 19"
    ),
    ("(Vecho hi\nios\nsystem\n.", "'INST' 'os.system' at byte 10"),
    ("(Nos\n.", "'OBJ' at byte 2"), ("N)R.", "'REDUCE'"), ("N}b.", "'BUILD' at byte 2"),
    ("N)\u{81}.", "'NEWOBJ'"), ("N)}\u{92}.", "'NEWOBJ_EX'"), ("Pfile\n.", "'PERSID'"),
    ("NQ.", "'BINPERSID'"), ("\u{82}\u{1}.", "'EXT1'"), ("\u{83}\u{1}\0.", "'EXT2'"),
    ("\u{84}\u{1}\0\0\0.", "'EXT4'"), ("\u{97}.", "'NEXT_BUFFER'"),
    ("N\u{98}.", "'READONLY_BUFFER'"),
    ("c", "'GLOBAL' at byte 0"), ("\u{93}", "'STACK_GLOBAL' at byte 0"),
  ])
  func `what is not plain data is refused by name`(pickle: String, name: String) throws {
    let message = try #require(refusal(of: Bytes(latin1: pickle)))
    #expect(message.contains(name))
    #expect(message.contains("nothing was executed"))
  }

  @Test func `names from a pickle cannot steer a terminal`() throws {
    let long = String(repeating: "x", count: 10_000)
    let text = try #require(refusal(of: Bytes(latin1: "c\u{1B}[2Jos\n\(long)\n.")))
    #expect(text.contains("\\u{1B}[2Jos.xxx"))
    #expect(text.utf8.count < 400)
  }

  @Test func `no instruction can do more than the list allows`() {
    for byte in UInt8.min...UInt8.max where !PickleOpcode.isKnown(byte) {
      #expect(refusal(of: [byte])?.contains("no instruction \(byte)") == true)
    }
    #expect((UInt8.min...UInt8.max).count { PickleOpcode.isKnown($0) } == 68)
  }

  @Test(arguments: ["]\u{94}h\u{0}a.", "}p0\nVa\n(g0\nls.", "((lp0\n(g0\ntp1\na0g1\n."])
  func `what contains itself is refused`(pickle: String) {
    #expect(refusal(of: Bytes(latin1: pickle))?.contains("contains itself") == true)
  }

  @Test func `references to references do not fill the memory`() {
    var laughs = Bytes(latin1: "\u{80}\u{2}](X\u{3}\0\0\0lole")
    for level in UInt8(0)..<40 {
      laughs += Bytes(latin1: "q\(Unicode.Scalar(level))0](")
      for _ in 0..<10 { laughs += [0x68, level] }
      laughs += Bytes(latin1: "e")
    }
    #expect(refusal(of: laughs + Bytes(latin1: "."))?.contains("stands for more than") == true)
  }

  @Test func `a text that is used again and again is bounded`() {
    let long = Bytes(repeating: 0x61, count: 1 << 20)
    let once = Bytes(latin1: "](X\0\0\u{10}\0") + long + Bytes(latin1: "q\0")
    let again = Bytes(latin1: String(repeating: "h\0", count: 1 << 11))
    #expect(refusal(of: once + again + Bytes(latin1: "e."))?.contains("bytes of text") == true)
  }

  @Test func `nesting is bounded`() throws {
    func nested(_ depth: Int) -> Bytes {
      Bytes(
        latin1: String(repeating: "(", count: depth) + String(repeating: "l", count: depth) + ".")
    }
    let text = try Pickle.decode(nested(Limits.jsonDepth)).serialized()
    _ = try JSON(parsing: text)
    for depth in [Limits.jsonDepth + 1, 100_000] {
      #expect(refusal(of: nested(depth))?.contains("nested deeper") == true)
    }
  }

  @Test func `bytes that become an object count as a level`() throws {
    func nested(_ depth: Int) -> Bytes {
      let open = String(repeating: "(", count: depth)
      return Bytes(latin1: open + "C\u{1}\u{FF}" + String(repeating: "l", count: depth) + ".")
    }
    let text = try Pickle.decode(nested(Limits.jsonDepth - 2)).serialized()
    _ = try JSON(parsing: text)
    #expect(throws: PDBError.self) { try Pickle.decode(nested(Limits.jsonDepth - 1)) }
  }

  @Test(arguments: [
    "X\u{FF}\u{FF}\u{FF}\u{FF}.", "\u{8D}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}.",
    "T\u{FF}\u{FF}\u{FF}\u{FF}.", "\u{8B}\u{FF}\u{FF}\u{FF}\u{FF}.", "\u{8B}\0\0\0\u{7F}.",
    "\u{95}\u{FF}\0\0\0\0\0\0\0N.", "\u{80}\u{6}N.", "h\0.", "g-1\n.", "g1\n.", "p0\n.", "\u{94}.",
    "N(p0\n.", ".", "NN.", "N(.", "N.N", "0.", "1.", "2.", "l.", "t.", "\u{85}.", "(\u{85}.",
    "(Nd.", "Na.", "NNa.", "NNNs.", "N(Ne.", "](N\u{90}.", "N(NNu.", "}(Nu.", "]NNs.", ")Na.",
    "I\n.", "I0x1\n.", "I1_0\n.", "L\n.", "F\n.", "Fa\n.", "S'a\n.", "Sa\n.", "S'\n.", "S'\\x1'\n.",
    "S'\\'\n.", "V\\u12\n.", "V\\ud800\n.", "V\\U00110000\n.", "V\\ude00\n.", "Va",
    "\u{8C}\u{1}\u{FF}.",
    "\u{8C}\u{3}\u{ED}\u{A0}\u{80}.", "\u{80}", "",
  ])
  func `damaged pickles are refused`(pickle: String) {
    #expect(throws: PDBError.self) { try Pickle.decode(Bytes(latin1: pickle)) }
  }

  @Test func `an integer that would take long to write is refused`() {
    let bytes = Bytes(latin1: "\u{8B}\u{1}\u{8}\0\0") + Bytes(repeating: 1, count: 2049)
    #expect(refusal(of: bytes + Bytes(latin1: "."))?.contains("an integer of 2049 bytes") == true)
  }

  // MARK: Damaged

  @Test(arguments: PickleFixtures.protocols.indices)
  func `a pickle that is cut off anywhere is refused`(number: Int) {
    let bytes = PickleFixtures.bytes(PickleFixtures.protocols[number])
    for length in bytes.indices {
      #expect(throws: PDBError.self) { try Pickle.decode(Bytes(bytes.prefix(length))) }
    }
  }

  @Test(arguments: [
    "(dp0\nVtask_1\np1\n(lp2\nI1\naL-5L\naF1.5\nag1\naS'a'\nas.",
    "\u{80}\u{4}\u{95}\u{1D}\0\0\0\0\0\0\0}\u{94}(\u{8C}\u{1}a\u{94}]\u{94}(K\u{1}\u{8A}\u{1}\u{80}\u{85}C"
      + "\u{1}\u{FF}eh\u{1}\u{8F}(h\u{2}\u{90}u.",
  ])
  func `any byte may be any other: the pickle is read or refused`(pickle: String) throws {
    let original = Bytes(latin1: pickle)
    for position in original.indices {
      for byte in UInt8.min...UInt8.max {
        var bytes = original
        bytes[position] = byte
        try readOrRefuse(bytes)
      }
    }
  }

  @Test func `any three instructions are read or refused`() throws {
    let instructions = (UInt8.min...UInt8.max).filter { PickleOpcode.isKnown($0) }
    for first in instructions where PickleOpcode.refused[first] == nil {
      for second in instructions {
        for third in instructions {
          try readOrRefuse([first, second, third, 0x2E])
        }
      }
    }
  }

  /// What is read must be JSON that the project itself accepts.
  private func readOrRefuse(_ bytes: Bytes) throws {
    guard let json = try? Pickle.decode(bytes) else { return }
    let text = json.serialized()
    #expect(try JSON(parsing: text).serialized() == text, "\(bytes)")
  }
}

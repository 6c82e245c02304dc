// The files of every generation of pickleDB give their pairs.

import Testing

@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBImport
@testable import PDBLoad
@testable import PDBModel
@testable import PDBServer
@testable import PDBStorage

@Suite struct PickleDBFileTests {
  private static let task = """
    {"id":"3f2b8c1e-9d4a-4c6b-8f1e-2a7d5b9c0e11","title":"Học bài 😀","completed":false,\
    "created_at":"2024-05-01T10:00:00.123456"}
    """

  private func lines(_ file: PickleDBFile) -> [String] {
    file.pairs.map { "\($0.key) \($0.value.text)" }
  }

  private func refusal(of text: String) -> String? {
    #expect(throws: PDBError.self) { try PickleDBFile(Bytes(utf8: text)) }?.message
  }

  // MARK: Real files

  @Test func `a file of pickleDB 0_9 is read`() throws {
    let bytes = PickleFixtures.bytes(PickleFixtures.pickleDB09)
    let file = try PickleDBFile(bytes)
    #expect(PickleDBFile.recognises(bytes))
    #expect(file.generation == "pickleDB JSON")
    #expect(
      lines(file) == [
        "task_3f2b8c1e-9d4a-4c6b-8f1e-2a7d5b9c0e11 \(Self.task)", "tên \"Nguyễn Văn A\"",
        #"list [1,2.5,null,true,"đ"]"#, #"dict {"khóa":"giá trị","1":"one"}"#,
        "big 1208925819614629174706176", #"quote "a\"\\\n\u007f/""#,
      ])
  }

  @Test func `a file of pickleDB 1_6 is read`() throws {
    let bytes = PickleFixtures.bytes(PickleFixtures.pickleDB16)
    let file = try PickleDBFile(bytes)
    #expect(PickleDBFile.recognises(bytes))
    #expect(file.generation == "pickleDB JSON")
    #expect(
      lines(file) == [
        "task_3f2b8c1e-9d4a-4c6b-8f1e-2a7d5b9c0e11 \(Self.task)", "tên \"Nguyễn Văn A\"",
        #"list [1,2.5,null,true,"đ"]"#, #"dict {"khóa":"giá trị"}"#, "7 null",
        #"quote "a\"\\\n\u007f/""#,
      ])
  }

  @Test func `the journal of AsyncPickleDB is read`() throws {
    let bytes = PickleFixtures.bytes(PickleFixtures.asyncPickleDB12)
    let file = try PickleDBFile(bytes)
    #expect(PickleDBFile.recognises(bytes))
    #expect(file.generation == "pickleDB JSON lines")
    #expect(
      lines(file) == [
        "task_3f2b8c1e-9d4a-4c6b-8f1e-2a7d5b9c0e11 \(Self.task)", #"tên "Nguyễn Văn A\n""#,
      ])
  }

  @Test func `a pickle of pickleDB 0_1 is read`() throws {
    let bytes = PickleFixtures.bytes(PickleFixtures.pickleDB01)
    let file = try PickleDBFile(bytes)
    #expect(PickleDBFile.recognises(bytes))
    #expect(file.generation == "pickle")
    #expect(
      lines(file) == [
        "task_3f2b8c1e-9d4a-4c6b-8f1e-2a7d5b9c0e11 \(Self.task)", "tên \"Nguyễn Văn A\"",
        #"list ["đ"]"#,
      ])
  }

  // MARK: Edges

  @Test func `an empty file is an empty database`() throws {
    #expect(PickleDBFile.recognises([]))
    #expect(try PickleDBFile([]).pairs.isEmpty)
    #expect(try PickleDBFile(Bytes(utf8: "{}")).pairs.isEmpty)
  }

  @Test func `a byte order mark and indentation do not matter`() throws {
    let bytes = [0xEF, 0xBB, 0xBF] + Bytes(utf8: "{\n  \"a\": {\n  },\n  \"b\": 1\n}\n")
    #expect(PickleDBFile.recognises(bytes))
    #expect(lines(try PickleDBFile(bytes)) == ["a {}", "b 1"])
  }

  @Test func `the last value of a key counts, where the first one was`() throws {
    let file = try PickleDBFile(Bytes(utf8: #"{"a":1,"b":2,"a":3}"#))
    #expect(lines(file) == ["a 3", "b 2"])
  }

  @Test func `keys that differ only in normalisation stay apart`() throws {
    #expect(try PickleDBFile(Bytes(utf8: "{\"\u{E9}\":1,\"e\u{301}\":2}")).pairs.count == 2)
  }

  @Test func `a key that was removed and set again comes last`() throws {
    let text = "{\"a\":1}\n{\"b\":2}\n\n{\"__remove__\":\"a\"}\r\n{\"a\":3}\n{\"__remove__\":\"x\"}"
    #expect(lines(try PickleDBFile(Bytes(utf8: text))) == ["b 2", "a 3"])
  }

  @Test func `a value may be nested as deep as anywhere else`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    let value = nested(Limits.jsonDepth)
    #expect(lines(try PickleDBFile(Bytes(utf8: "{\"a\":\(value)}"))) == ["a \(value)"])
    #expect(refusal(of: "{\"a\":\(nested(Limits.jsonDepth + 1))}")?.contains("'a'") == true)
    let lists = String(repeating: "(", count: 64) + String(repeating: "l", count: 64)
    #expect(lines(try PickleDBFile(Bytes(utf8: "(Va\n\(lists)d."))) == ["a \(value)"])
  }

  // MARK: Refused

  @Test func `a database of PickleDBSQLite is recognised, to say what to do`() throws {
    let bytes = Bytes(utf8: "SQLite format 3\0")
    #expect(PickleDBFile.recognises(bytes))
    let error = #expect(throws: PDBError.self) { try PickleDBFile(bytes) }
    #expect(error?.hint?.contains("json.dump") == true)
  }

  @Test(arguments: [
    (#"{"ok":1,"tỉ lệ":[1,-Infinity]}"#, "'tỉ lệ'", "'-Infinity'"),
    (#"{"ok": 1, "x": NaN}"#, "'x'", "'NaN'"), (#"{"x":{"y":Infinity}}"#, "'x'", "'Infinity'"),
    (#"{"a":"\"{:,","n\u1eeda":{"k":"\ud83d"}}"#, "'nửa'", "surrogate"),
    (#"{"a\u001b":tru}"#, #"'a\u{1B}'"#, "'true'"),
    ("{\"a\":1}\n{\"b\":NaN}\n", "'b' in line 2", "'NaN'"),
  ])
  func `an error names the key whose value is wrong`(text: String, key: String, what: String) throws
  {
    let message = try #require(refusal(of: text))
    #expect(message.contains("the value of \(key)"))
    #expect(message.contains(what))
  }

  @Test(arguments: [
    (#"{"a":1,"\ud800":2}"#, "the file is not valid JSON"), (#"{"a":1"#, "'a'"), ("{", "the file"),
    (#"{"a":1} x"#, "after the value"), ("hello", "expected a value"), (" ", "unexpected end"),
    ("{\"a\":1}\n{\"b\"", "line 2"), ("{\"a\":1}\n{\"b\":1}\n[]", "line 3"),
    ("[1]", "a list"), ("\"a\"", "a string"), ("12", "a number"), ("null", "null"),
    ("true", "true or false"), ("(lp0\n.", "a list"), ("SQLite format 3\0", "SQLite"),
    ("cos\nsystem\n(S'ls'\ntR.", "'os.system'"),
  ])
  func `a file that does not hold pairs is refused`(text: String, what: String) throws {
    #expect(try #require(refusal(of: text)).contains(what))
  }

  @Test(arguments: [
    [0xFF, 0xFE, 0x7B, 0x00], [0xFE, 0xFF, 0x00, 0x7B], [0x7B, 0x22, 0xFF, 0x22],
  ])
  func `text that is not UTF-8 is refused`(bytes: Bytes) {
    #expect(throws: PDBError.self) { try PickleDBFile(bytes) }
  }

  @Test(arguments: ["[1]", "hello", "1", " ", "\n"])
  func `other files are not taken for pickleDB's`(text: String) {
    #expect(!PickleDBFile.recognises(Bytes(utf8: text)))
  }

  @Test(arguments: PickleFixtures.files.indices)
  func `a file that is cut off anywhere is read or refused`(number: Int) {
    let bytes = PickleFixtures.bytes(PickleFixtures.files[number])
    for length in bytes.indices {
      let part = Bytes(bytes.prefix(length))
      do {
        _ = try PickleDBFile(part)
      } catch {
        #expect(error is PDBError)
      }
    }
  }
}

// The catalogue of translations: its file, its templates, and messages that are recognized by them.

import Foundation
import Testing

@testable import pdb

@Suite struct CatalogueTests {
  private static func catalogue(_ text: String) -> Catalogue {
    Catalogue(parsing: Array(text.utf8))
  }

  // MARK: Files

  @Test func `a catalogue is read as gettext reads it`() {
    let catalogue = Self.catalogue(
      #"""
      # A comment.
      msgid ""
      msgstr ""
      "Language: vi\n"

      #: Sources/a.swift
      msgid "one"
      msgstr "một"
      #: Sources/b.swift
      msgid ""
      "two\n"
      "\"lines\"\t\\"
      msgstr ""
      "hai\n"
      "\"dòng\"\t\\"

      msgid "not yet"
      msgstr ""

      #, fuzzy
      msgid "doubtful"
      msgstr "không chắc"

      msgid "three"
      msgstr "ba"
      #~ msgid "gone"
      #~ msgstr "mất"
      """#)
    #expect(
      catalogue.translations == [
        "one": "một", "two\n\"lines\"\t\\": "hai\n\"dòng\"\t\\", "three": "ba",
      ])
  }

  @Test func `the catalogue in the program is that of the sources`() {
    #expect(Catalogue.vietnamese["cannot reach '%1$@'"] == "không thể kết nối tới '%1$@'")
    #expect(Catalogue.vietnamese[""] == nil)
  }

  // MARK: Templates

  @Test(arguments: [
    ("no key '%1$@'", ["a"], "no key 'a'"), ("%2$@ of %1$@", ["a", "b"], "b of a"),
    ("%1$@%2$@%1$@", ["a", "b"], "aba"), ("100%", [], "100%"),
    ("%0$@ %x %1$", ["a"], "%0$@ %x %1$"),
    ("%1$@ and %2$@", ["a"], "a and %2$@"), ("%1$@", ["%2$@"], "%2$@"),
    ("đã %1$@ ở", ["á"], "đã á ở"),
  ])
  func `arguments go to their places`(template: String, arguments: [String], text: String) {
    #expect(Template(template).filled(arguments) == text)
  }

  @Test func `literals become the language of the moment`() {
    func text(_ key: String) -> TerminalText { "removed \(key)" }
    let (english, vietnamese) = (
      UserLanguage.$current.withValue(.english) { text("a") },
      UserLanguage.$current.withValue(.vietnamese) { text("a\u{1B}") }
    )
    #expect(english.string == "removed a")
    #expect(vietnamese.string == "đã xóa a\\u{1B}")
    let unknown: TerminalText = UserLanguage.$current.withValue(.vietnamese) { "said \(1) nowhere" }
    #expect(unknown.string == "said 1 nowhere")
  }

  // MARK: Languages

  @Test(
    arguments: [
      ([:], false), (["LANG": "vi_VN.UTF-8"], true), (["LANG": "vi"], true),
      (["LANG": "vi_VN.UTF-8", "LC_ALL": "C"], false),
      (["LANG": "vi_VN.UTF-8", "LC_ALL": ""], true),
      (["LANG": "vi_VN.UTF-8", "LC_ALL": "C.UTF-8"], false),
      (["LANG": "vi_VN.UTF-8", "LC_MESSAGES": "POSIX"], false),
      (["LANG": "en_US.UTF-8", "LC_MESSAGES": "vi_VN"], true),
      (["LANG": "en_US.UTF-8", "LANGUAGE": "fr:vi:en"], true),
      (["LANG": "vi_VN.UTF-8", "LANGUAGE": "en:vi"], false), (["LANGUAGE": "vi"], false),
      (["LANG": "vi_VN@x"], true), (["LANG": "fr_FR.UTF-8"], false), (["LANG": "vie"], false),
    ] as [([String: String], Bool)])
  func `the environment chooses the language`(environment: [String: String], isVietnamese: Bool) {
    #expect((UserLanguage(environment) == .vietnamese) == isVietnamese)
  }

  // MARK: Messages

  @Test(arguments: [
    ("no key 'user:lan'", "không có khóa 'user:lan'"),
    // What stands in quotes is data, whatever it says.
    ("no key 'no leader'", "không có khóa 'no leader'"),
    ("no key 'it's'", "không có khóa 'it's'"),
    // What else is put into a message is said by pdb, too.
    ("waited in vain: there is no leader", "chờ mà không được: không có leader nào"),
    ("step 2: no task '7'", "bước 2: không có công việc '7'"),
    (
      "cannot write to '/x': No such file or directory",
      "không thể ghi vào '/x': Không có tập tin hoặc thư mục như vậy"
    ),
    ("127.0.0.1:4001: connection refused", "127.0.0.1:4001: kết nối bị từ chối"),
    (
      "HEALTHY, 3 of 3 nodes up, leader 127.0.0.1:4000, term 2. Losing one more is survivable.",
      "ỔN ĐỊNH, 3/3 node đang chạy, leader 127.0.0.1:4000, nhiệm kỳ 2. "
        + "Còn chịu được mất thêm một node."
    ),
    ("Unknown option '--x'", "tùy chọn không rõ '--x'"),
  ])
  func `messages are recognized`(message: String, translation: String) {
    #expect(KnownMessages.vietnamese.translation(of: message) == translation)
  }

  @Test(arguments: [
    "", "what no version has said yet", "task 3 is odd", "a: b", "it is new", "up up",
  ])
  func `what is not known stays as it is`(message: String) {
    let text = UserLanguage.$current.withValue(.vietnamese) { TerminalText(message: message) }
    #expect(text.string == message)
  }

  @Test func `the template that says most is taken`() {
    let messages = KnownMessages(
      Self.catalogue(
        #"""
        msgid "cannot read %1$@"
        msgstr "A %1$@"

        msgid "cannot read %1$@: %2$@ is in use"
        msgstr "B %2$@ %1$@"
        """#))
    #expect(messages.translation(of: "cannot read x: y is in use") == "B y x")
    #expect(messages.translation(of: "cannot read x: y") == "A x: y")
  }

  @Test func `every template is recognized in the text that is made of it`() {
    for (template, translation) in Catalogue.vietnamese.translations {
      let places = Template(template)
      guard places.letterCount >= 8 else { continue }
      let arguments = (0..<(places.places.max() ?? 0)).map { "x\($0)y" }
      #expect(
        KnownMessages.vietnamese.translation(of: places.filled(arguments))
          == Template(translation).filled(arguments), "\(template.debugDescription)")
    }
  }

  @Test func `a message made of messages is not looked into without end`() {
    let title = String(repeating: "a failed: b, cluster ", count: 100)
    let known = KnownMessages.vietnamese
    _ = known.translation(of: "revision 5 cannot be undone: task 3 '\(title)' changed since")
    #expect(known.translation(of: String(repeating: "no key ", count: 10_000)) == nil)
  }

  @Test func `of two templates that say as much the one with quotes is taken`() {
    let messages = KnownMessages(
      Self.catalogue(
        #"""
        msgid "no key %1$@"
        msgstr "A %1$@"

        msgid "no key '%1$@'"
        msgstr "B '%1$@'"
        """#))
    #expect(messages.translation(of: "no key 'x'") == "B 'x'")
  }

  // MARK: Widths

  @Test func `tables stand in columns with accents, too`() {
    let lines = UserLanguage.$current.withValue(.vietnamese) { () -> [String] in
      var table = Table(
        .init(title: "NODE"), .init(title: "STATE", isPhrase: true),
        .init(title: "LAG", isNumber: true))
      table.add("4000", "up", "0")
      table.add("4001", "DOWN", "12")
      return table.text(width: 60).string.split(separator: "\n").map(String.init)
    }
    #expect(
      lines == [" NODE  TRẠNG THÁI  TRỄ", " 4000  đang chạy     0", " 4001  DỪNG         12"])
  }
}

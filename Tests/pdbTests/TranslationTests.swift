// Sources/Language/vi.po beside the sources: no text for people lacks its translation, and no
// translation is of a text that is gone.

import Foundation
import Testing

@testable import pdb

@Suite struct TranslationTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static var catalogueText: String {
    get throws {
      try String(
        contentsOf: root.appendingPathComponent("Sources/Language/vi.po"), encoding: .utf8)
    }
  }

  /// Every literal of the sources whose texts people may see, with its file; read once.
  private static let literals = Result { try readLiterals() }

  private static func readLiterals() throws -> [(file: String, text: SourceText)] {
    var found: [(String, SourceText)] = []
    for folder in ["Sources/pdb", "Sources/PDBKit"] {
      let below = root.appendingPathComponent(folder).path
      for name in try FileManager.default.subpathsOfDirectory(atPath: below).sorted()
      where name.hasSuffix(".swift") {
        let source = try String(contentsOfFile: "\(below)/\(name)", encoding: .utf8)
        found += SourceReader.texts(in: source).map { ("\(folder)/\(name)", $0) }
      }
    }
    return found
  }

  private static func places(_ text: String) -> [Int] { Template(text).places.sorted() }

  // MARK: The tests

  @Test func `every text for people has a translation with the same arguments`() throws {
    let catalogue = Catalogue.vietnamese
    var count = 0
    for (file, text) in try Self.literals.get() where text.isForPeople(in: file) {
      count += 1
      let template = text.template
      guard let translation = catalogue[template] else {
        Issue.record("\(file):\(text.line): vi.po lacks msgid \(template.debugDescription)")
        continue
      }
      #expect(
        Self.places(translation) == Self.places(template),
        "\(template.debugDescription) has other arguments in vi.po")
    }
    #expect(count > 1500, "the texts are not found any more")
  }

  @Test func `every translation is of a text that the program has`() throws {
    let literals = Set(try Self.literals.get().map(\.text.template))
    for entry in try Self.catalogueText.components(separatedBy: "\n\n") {
      let foreign = ["#: swift-argument-parser", "#: strerror(3)"]
      guard !foreign.contains(where: { entry.contains($0) }) else { continue }
      for original in Catalogue(parsing: Array(entry.utf8)).translations.keys {
        #expect(literals.contains(original), "no source has \(original.debugDescription)")
      }
    }
  }

  @Test func `a translation names files that are there`() throws {
    for line in Set(try Self.catalogueText.split(separator: "\n"))
    where line.hasPrefix("#: Sources/") {
      let path = Self.root.appendingPathComponent(String(line.dropFirst(3))).path
      #expect(FileManager.default.fileExists(atPath: path), "\(path)")
    }
  }

  @Test func `what must be typed is the same in both languages`() {
    for (original, translation) in Catalogue.vietnamese.translations {
      let options = { (text: String) in Set(text.matches(of: /--[a-z][a-z-]*/).map(\.output)) }
      #expect(options(original) == options(translation), "\(original.debugDescription)")
    }
  }

  // MARK: The reader of sources

  @Test(arguments: [
    (#"say("a \(x) b \(y.map { "in \($0)" } ?? ""), c")"#, ["a %1$@ b %2$@, c", "in %1$@", ""]),
    (#"f("one, " + "two \(a)" + " three \(b)")"#, ["one, two %1$@ three %2$@"]),
    ("f(\n  \"\"\"\n  one \\\n  two\n    \\(x) three\\n\n  \"\"\")", ["one two\n  %1$@ three\n"]),
    (##"f(#"a "quoted" \n \#(x)"#)"##, [#"a "quoted" \n %1$@"#]),
    (#"f("\u{1B}[0m\"") // "no text""#, ["\u{1B}[0m\""]),
  ])
  func `literals become templates`(source: String, templates: [String]) {
    #expect(SourceReader.texts(in: source).map(\.template) == templates)
  }

  @Test func `a text that is new is missed`() {
    let source = #"throw PDBError(.badRequest, "never said before", hint: "nor this")"#
    let found = SourceReader.texts(in: source).filter {
      $0.isForPeople(in: "Sources/pdb/New.swift")
    }
    #expect(found.map(\.template) == ["never said before", "nor this"])
    #expect(found.allSatisfy { Catalogue.vietnamese[$0.template] == nil })
  }
}

// MARK: What is for people

extension SourceText {
  /// Whether people may see the text: it is handed to what tells them something, or it reads like a
  /// sentence and nothing speaks against that.
  func isForPeople(in file: String) -> Bool {
    guard hasWords, !Self.isForMachines(template),
      !Self.filesForMachines.contains(where: { file.contains($0) }),
      !calls.contains(where: { Self.callsForMachines.contains($0.name) }),
      !calls.contains(where: { $0.callee.hasPrefix("logger.") || $0.label == "details" })
    else { return false }
    if isTranslated { return true }
    guard let call = calls.last(where: { $0.kind == .call }), calls.last?.kind != .interpolation
    else { return readsLikeSentence }
    switch call.name {
    case "Example", "item":
      // First the line, or the name.
      return call.position == 1
    case "CommandConfiguration":
      return ["abstract", "discussion"].contains(call.label) || readsLikeSentence
    case "Candidate": return call.label == "summary" || readsLikeSentence
    case "CommandGroup": return call.label == "name" || readsLikeSentence
    case "ArgumentHelp": return call.label.isEmpty || readsLikeSentence
    case "write" where ["row", "cell", "json", "bytes", "to", "jsonLines"].contains(call.label):
      return readsLikeSentence
    default:
      return Self.callsForPeople.contains(call.name)
        || ["help", "abstract", "discussion", "title"].contains(call.label) || readsLikeSentence
    }
  }

  private static let callsForPeople: Set = [
    "write", "writeError", "writeMessage", "say", "red", "green", "yellow", "cyan", "bold", "dim",
    "section", "paragraph", "PDBError", "ValidationError", "Column", "ProgressBar",
  ]

  /// Programming errors, logs, SQL, and what describes the API.
  private static let callsForMachines: Set = [
    "precondition", "preconditionFailure", "fatalError", "QuickStatement", "execute", "Endpoint",
    "about", "fetchOne", "fetchAll", "fetchCursor", "contains", "hasPrefix", "starts",
    "writeStaticString", "DatabaseError", "DiskFailure", "document", "required", "json", "noteOnce",
    "available", "CommonName", "issue",
  ]

  private static let filesForMachines = [
    "PDBKit/Cluster/Peers/", "PDBKit/Cluster/StatusChangeLog.swift",
    "PDBKit/Server/MetricsText.swift", "PDBKit/Server/API/AnswerForm.swift",
    "PDBKit/Server/API/AnswerSchemas.swift", "PDBKit/Server/API/Contract.swift",
    "PDBKit/Server/API/OpenAPIDocument.swift", "PDBKit/Server/API/Parameters.swift",
    "PDBKit/Storage/StateRows.swift", "PDBKit/Storage/Log/LogFrame.swift",
    "PDBKit/Model/Operation.swift", "pdb/Completion/CompletionScript.swift",
    "pdb/Manual/AnswerShape.swift",
  ]

  /// Beginnings of what programs read: SQL, commands, JSON, notations.
  private static let beginningsForMachines = [
    "SELECT ", "event: ", "default-src", ".TH ", "\n  export", "%1$@\n  export", "title: %1",
    "send {", "chmod ", "{\"", "curl -", "pdb init --db %1", "pdb lab start %", "pdb lab %1",
    "DELETE /",
  ]

  /// Texts that look like words for people and are none.
  private static let textsForMachines: Set = [
    // Operations and commands.
    "task add", "task ls", "task done", "task edit", "task rm", "task clear", "cluster status",
    "kv get", "kv set", "kv touch", "kv rm", "kv incr", "kv append", "pdb node start --db %1$@",
    "chown -R", "vi", ":files", "--token-file FILE (HTTP: 'Authorization: Bearer TOKEN')",
    // What keys, secrets and files begin with.
    "pdb lock", "pdb token %1$@ %2$@", "pdb restore %1$@ %2$@ %3$@ %4$@", "signing key %1$@",
    "pdb cluster %1$@", "pdb node %1$@ %2$@", "pdb backup 1\n", "pdb backup 2\n",
    // What is looked for in messages of others.
    "too large", "too many operations", "larger than max", "not a database", "a page was altered",
    "negotiation timeout", "negotiation error",
    // Dates as users write them.
    "bay gio", "hom nay", "hom qua", "hom kia", "ngay mai", "ngay kia", "chu nhat", "thu hai",
    "thu ba", "thu tu", "thu nam", "thu sau", "thu bay",
    // What only programs and logs get.
    "  and %1$@ more", "'%1$@' %2$@, not '%3$@'", "a proposal is neither in the log nor refused",
    "proposals are out of order", "SQLite cannot be made defensive",
    "SQLite cannot keep its journal", "%1$@ revisions of the history came",
    "the pairs do not add up to the announced hash",
  ]

  private static func isForMachines(_ template: String) -> Bool {
    textsForMachines.contains(template)
      || beginningsForMachines.contains { template.hasPrefix($0) }
  }

  /// Whether two letters stand beside each other.
  private var hasWords: Bool {
    Template(template).literals.contains { $0.contains(/[A-Za-z]{2}/) }
  }

  /// Whether it has at least two words, one of them in small letters.
  private var readsLikeSentence: Bool {
    let words = Template(template).literals.joined(separator: " ").split(
      whereSeparator: \.isWhitespace
    )
    .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: ".,;:!?()'\"")) }
    .filter { $0.contains(/[A-Za-z]/) }
    return words.count >= 2 && words.contains { $0.wholeMatch(of: /[a-z]{2,}/) != nil }
  }
}

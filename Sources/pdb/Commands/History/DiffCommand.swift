// `pdb diff`

import ArgumentParser
import PDBKit

struct DiffCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Show what two states differ in.",
    discussion: """
      A..B compares the states of two revisions; A alone compares it with now. A revision is a \
      number, '@' for the newest, '@~3' for three before it, a tag, or a time such as \
      '@{10 minutes ago}'. In a pipe a line a key: the key, the value before, the value after.
      """)

  static let examples = [
    Example("pdb diff @~3", "What the last three changes did:"),
    Example("pdb diff 1..2 --stat", "The keys that differ, and how much:"),
    Example("pdb diff @~1..@ user:", "What the last change did to some keys:"),
  ]

  @Argument(help: ArgumentHelp("A..B, or A for A..@.", valueName: "range"))
  var range: String

  @Argument(
    help: ArgumentHelp(
      "Only keys that begin with this; or B, as in 'diff 1 3'.", valueName: "prefix"))
  var words: [String] = []

  @Flag(name: .long, help: "Only how much of each key differs.")
  var stat = false

  @Flag(name: .long, help: "End with 1 if there are differences.")
  var exitCode = false

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard words.count <= 2 else {
      throw ValidationError("two states and one beginning of keys are enough")
    }
  }

  func run() async throws {
    try await Session.run(options) { session in
      var range = try RevisionRange(range)
      let isRange = RevisionRange.isRange(self.range)
      let words = try await HistoryWords(words, most: isRange ? 0 : 1, session)
      if let second = words.revisions.first {
        range = RevisionRange(range.from, try RevisionName(words: second))
      }
      let prefix = words.prefix ?? ""
      let query = DifferenceQuery(
        from: range.from ?? .newest, to: range.to, prefix: Bytes(try Input.text(prefix).utf8))
      let found: Differences
      do { found = try await session.store().differences(query, at: .now) } catch let error
        as PDBError where exitCode && error.code == .revisionNotFound
      {
        // 1 says that there are differences.
        throw PDBError(.badRequest, error.message, hint: error.hint, details: error.details)
      }
      let changes = try await found.changes.all()
      let json: JSON = [
        "from": JSON(found.from), "changes": .array(changes.map(\.json)),
        "revision": JSON(found.to),
      ]
      if try !session.showAsRequested(json) { await show(changes, found, session) }
      if exitCode, !changes.isEmpty { throw ExitCode(ExitStatus.no.rawValue) }
    }
  }

  private func show(
    _ changes: [Revision.KeyChange], _ found: Differences, _ session: Session
  ) async {
    guard Console.isTerminal(.output) else {
      for change in changes {
        Console.write(row: stat ? change.statCells : change.cells)
      }
      return
    }
    guard !changes.isEmpty else { return session.say("no differences") }
    let style = Style(for: .output)
    if stat { return Console.write(DifferenceStat(changes).text(style)) }
    let head: TerminalText = style.dim("revision \(found.from) .. revision \(found.to)")
    let parts = changes.map { $0.difference(style) }
    await Pager.show("\(head)\n\n\(TerminalText(parts, separator: "\n"))", session.settings)
  }
}

/// `A..B` as gitrevisions(7) has it.
struct RevisionRange {
  /// `nil`: nothing is said of a beginning.
  let from: RevisionName?
  let to: RevisionName

  init(_ from: RevisionName?, _ to: RevisionName) {
    self.from = from
    self.to = to
  }

  /// Whether a word can hardly be the beginning of a key: a number, `@`, `@~3`. Tags can.
  static func looksLikeRevision(_ word: String) -> Bool {
    word.hasPrefix("@") || word.contains("~") || word.allSatisfy { $0.isASCII && $0.isNumber }
  }

  /// - Parameter text: `A..B`, `A..`, `..B` or `A`.
  /// - Throws: `bad_request` for a text that names no revisions.
  init(_ text: String) throws {
    guard let dots = Self.dots(in: text) else {
      from = try RevisionName(words: text)
      to = .newest
      return
    }
    let (first, last) = (String(text[..<dots.lowerBound]), String(text[dots.upperBound...]))
    from = first.isEmpty ? .newest : try RevisionName(words: first)
    to = last.isEmpty ? .newest : try RevisionName(words: last)
  }

  /// Whether a text is meant as a range.
  static func isRange(_ text: String) -> Bool { dots(in: text) != nil }

  private static func dots(in text: String) -> Range<String.Index>? { text.firstRange(of: "..") }
}

/// How much differs, as `git diff --stat` has it.
struct DifferenceStat {
  private let changes: [Revision.KeyChange]

  init(_ changes: [Revision.KeyChange]) { self.changes = changes }

  func text(_ style: Style) -> TerminalText {
    let names = changes.map(\.title)
    let width = min(60, names.map(\.string.displayWidth).max() ?? 0)
    let lines = zip(names, changes).map { name, change -> TerminalText in
      let (removed, added) = (change.lines.removed, change.lines.added)
      let pad = String(repeating: " ", count: max(0, width - name.string.displayWidth))
      let bars: TerminalText =
        "\(style.green("\(Self.bar("+", added))"))\(style.red("\(Self.bar("-", removed))"))"
      return " \(name)\(pad) | \(added + removed) \(bars)"
    }
    return "\(TerminalText(lines, separator: "\n"))\n \(TerminalText(summary, separator: ", "))"
  }

  private static func bar(_ sign: String, _ count: Int) -> String {
    String(repeating: sign, count: min(count, 30))
  }

  private var summary: [TerminalText] {
    let (added, removed) = (
      changes.count { $0.before == nil }, changes.count { $0.after == nil }
    )
    var parts: [TerminalText] = [
      changes.count == 1 ? "1 key changed" : "\(changes.count) keys changed"
    ]
    if added > 0 { parts.append("\(added) new") }
    if removed > 0 { parts.append("\(removed) removed") }
    return parts
  }
}

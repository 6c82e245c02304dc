// One manual page, made from the definitions of its commands.

import PDBKit

/// `pdb(1)` itself, or the page of one of its commands with everything below it.
struct ManualPage {
  let name: String
  let command: CommandTree

  private init(_ command: CommandTree) {
    self.command = command
    name = (["pdb"] + command.path).joined(separator: "-")
  }

  static var all: [ManualPage] {
    let root = CommandTree.root
    return ([root] + root.children).map(ManualPage.init)
  }

  private var isRoot: Bool { command.path.isEmpty }

  /// The page that describes a command: its group's.
  static func page(for words: [String]) -> ManualPage {
    all.first { $0.command.path == Array(words.prefix(1)) } ?? all[0]
  }

  // MARK: Content

  /// What a page is made of, before it is known what for. Its texts may be English still: they are
  /// translated where they are written.
  enum Block {
    case section(String)
    case heading(String)
    case paragraph(String)
    case item(String, String)
    case example(String, String)
  }

  var blocks: [Block] {
    var blocks: [Block] = [
      .section("NAME"), .paragraph("\(name) - \(command.abstract.trimmedOfDot.lowercasedFirst)"),
      .section("SYNOPSIS"),
    ]
    blocks += synopses.map { .heading($0) }
    blocks.append(.section("DESCRIPTION"))
    if !discussion.isEmpty { blocks.append(.paragraph(discussion)) }
    return blocks + (isRoot ? ManualText.general : commands) + examples
      + [.section("SEE ALSO"), .paragraph(references)]
  }

  private var discussion: String {
    let text = command.discussion
    return text.isEmpty ? command.abstract : text
  }

  private var leaves: [CommandTree] {
    isRoot ? [] : command.leaves(command.path).map(\.command)
  }

  private var synopses: [String] { isRoot ? [command.usage] : leaves.map(Self.synopsis) }

  private static func synopsis(_ command: CommandTree) -> String {
    let options = command.ownArguments.filter { !$0.isPositional }.map { "[\($0.synopsis)]" }
    return ([command.call] + options + command.positionals).joined(separator: " ")
  }

  /// Every command of the page with its own arguments and options.
  private var commands: [Block] {
    var blocks: [Block] = []
    if command.isGroup { blocks.append(.section("COMMANDS")) }
    for leaf in leaves {
      if command.isGroup {
        blocks.append(.heading(leaf.call))
        blocks.append(.paragraph(leaf.abstract))
        if !leaf.discussion.isEmpty { blocks.append(.paragraph(leaf.discussion)) }
      }
      blocks += leaf.ownArguments.map { .item($0.label, $0.description) }
      if let answer = AnswerShape.of(leaf) {
        blocks.append(.item("With --json".translated, answer.text))
      }
    }
    blocks += [.section("OPTIONS"), .paragraph("Those of every command are described in pdb(1).")]
    return blocks + (ManualText.more[command.name] ?? [])
  }

  private var examples: [Block] {
    let all = isRoot ? ManualText.examples : leaves.flatMap(\.examples)
    guard !all.isEmpty else { return [] }
    return [.section("EXAMPLES")] + all.map { .example($0.purpose, $0.line) }
  }

  /// pdb(1) leads to all pages, a page to those of its group.
  private var references: String {
    let group = CommandTree.root.groups.first { $0.commands.contains { $0.name == command.name } }
    let related = ["pdb"] + (group?.commands.map { "pdb-\($0.name)" } ?? [])
    let pages = isRoot ? Self.all.map(\.name) : related + (ManualText.related[command.name] ?? [])
    return pages.filter { $0 != name }.map { "\($0)(1)" }.joined(separator: ", ")
  }
}

extension CommandArgument {
  /// As in a synopsis: `--limit COUNT`.
  var synopsis: String { name + (value.map { " \($0.uppercased())" } ?? "") }

  /// As at the head of its description, with all its names.
  var label: String {
    isPositional
      ? (value ?? "").uppercased()
      : names.joined(separator: ", ") + (value.map { " \($0.uppercased())" } ?? "")
  }
}

extension CommandTree {
  /// What this command takes and not every command.
  var ownArguments: [CommandArgument] {
    let all = arguments
    guard Self.areCommon(all) else { return all }
    let common = Set(ManualText.commonOptions.map(\.name))
    return all.filter { $0.isPositional || !common.contains($0.name) }
  }

  /// Whether it takes what every command that asks a cluster takes.
  var takesCommonOptions: Bool { Self.areCommon(arguments) }

  private static func areCommon(_ arguments: [CommandArgument]) -> Bool {
    arguments.contains { $0.name == "--stale" }
  }
}

extension String {
  fileprivate var trimmedOfDot: String { hasSuffix(".") ? String(dropLast()) : self }
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}

// MARK: Writing

extension ManualPage {
  /// The notation of man(7).
  var roff: String {
    var lines = [".TH \(name.uppercased()) 1 \"\" \"pdb \(pdbVersion)\" \"pdb\""]
    // man(1) knows where English words may be parted.
    if UserLanguage.current != .english { lines.append(".nh") }
    for block in blocks {
      // A section's first paragraph needs no mark, and the one with the name must have none.
      let mark = lines.last!.hasPrefix(".SH") ? [] : [".PP"]
      switch block {
      case .section(let title): lines.append(".SH \(title.translated)")
      case .heading(let text): lines += mark + [".B \(Self.escaped(text))"]
      case .paragraph(let text): lines += mark + [Self.escaped(text.translated)]
      case .item(let label, let text):
        lines += [".TP", ".B \(Self.escaped(label))", Self.escaped(text.translated)]
      case .example(let purpose, let line):
        lines += [
          ".PP", Self.escaped(purpose), ".PP", ".nf", ".RS", Self.escaped(line), ".RE", ".fi",
        ]
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func escaped(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
      .replacing("'", with: "\\(aq").replacing("~", with: "\\(ti").replacing("^", with: "\\(ha")
    let lines = escaped.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.map { $0.hasPrefix(".") ? "\\&\($0)" : String($0) }.joined(separator: "\n")
  }

  /// For terminals without man(1).
  var plainText: String {
    let width = max(40, min(Console.columns, 90))
    var text = ""
    for block in blocks {
      switch block {
      case .section(let title):
        while text.hasSuffix("\n\n") { text.removeLast() }
        text += (text.isEmpty ? "" : "\n") + title.translated + "\n"
      case .heading(let line): text += "    \(line)\n"
      case .paragraph(let paragraph): text += paragraph.translated.filled(4, width) + "\n\n"
      case .item(let label, let summary):
        text += "    \(label)\n" + summary.translated.filled(8, width) + "\n"
      case .example(let purpose, let line): text += "    \(purpose)\n        \(line)\n\n"
      }
    }
    return text
  }
}

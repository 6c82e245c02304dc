// One manual page, made from the definitions of its commands.

import PDBKit

/// `pdb(1)` itself, or the page of one of its commands with everything below it.
struct ManualPage {
  let name: String
  let command: CommandTree
  private let path: [String]

  private init(_ command: CommandTree, path: [String]) {
    self.command = command
    self.path = path
    name = (["pdb"] + path).joined(separator: "-")
  }

  static var all: [ManualPage] {
    let root = CommandTree.root
    return [ManualPage(root, path: [])] + root.children.map { ManualPage($0, path: [$0.name]) }
  }

  /// The page that describes a command: its group's.
  static func page(for words: [String]) -> ManualPage {
    all.first { $0.path == Array(words.prefix(1)) } ?? all[0]
  }

  // MARK: Content

  /// What a page is made of, before it is known what for.
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
    return blocks + (path.isEmpty ? ManualText.general : commands) + examples
      + [.section("SEE ALSO"), .paragraph(references)]
  }

  private var discussion: String {
    let text = command.discussion
    return text.isEmpty ? command.abstract : text
  }

  private var leaves: [(path: [String], command: CommandTree)] {
    path.isEmpty ? [] : command.leaves(path)
  }

  private var synopses: [String] {
    path.isEmpty ? ["pdb COMMAND [OPTION]..."] : leaves.map { Self.synopsis($0.path, $0.command) }
  }

  private static func synopsis(_ path: [String], _ command: CommandTree) -> String {
    let own = command.ownArguments
    let positionals = own.filter(\.isPositional).map { argument in
      let text = (argument.value ?? "").uppercased() + (argument.isRepeating ? "..." : "")
      return argument.isOptional ? "[\(text)]" : text
    }
    let options = own.filter { !$0.isPositional }.map { "[\($0.synopsis)]" }
    return (["pdb"] + path + options + positionals).joined(separator: " ")
  }

  /// Every command of the page with its own arguments and options.
  private var commands: [Block] {
    var blocks: [Block] = []
    if command.isGroup { blocks.append(.section("COMMANDS")) }
    for leaf in leaves {
      if command.isGroup {
        blocks.append(.heading((["pdb"] + leaf.path).joined(separator: " ")))
        blocks.append(.paragraph(leaf.command.abstract))
        let more = leaf.command.discussion
        if !more.isEmpty { blocks.append(.paragraph(more)) }
      }
      blocks += leaf.command.ownArguments.map { .item($0.label, $0.summary) }
    }
    return blocks + [
      .section("OPTIONS"), .paragraph("Those of every command are described in pdb(1)."),
    ]
  }

  private var examples: [Block] {
    let all = path.isEmpty ? ManualText.examples : leaves.flatMap(\.command.examples)
    guard !all.isEmpty else { return [] }
    return [.section("EXAMPLES")] + all.map { .example($0.purpose, $0.line) }
  }

  private var references: String {
    Self.all.filter { $0.name != name }.map { "\($0.name)(1)" }.joined(separator: ", ")
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
    let common = Set(ManualText.commonOptions.map(\.name))
    return arguments.filter { $0.isPositional || !common.contains($0.name) }
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
    for block in blocks {
      // A section's first paragraph needs no mark, and the one with the name must have none.
      let mark = lines.last!.hasPrefix(".SH") ? [] : [".PP"]
      switch block {
      case .section(let title): lines.append(".SH \(title)")
      case .heading(let text): lines += mark + [".B \(Self.escaped(text))"]
      case .paragraph(let text): lines += mark + [Self.escaped(text)]
      case .item(let label, let text):
        lines += [".TP", ".B \(Self.escaped(label))", Self.escaped(text)]
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
    var text = ""
    for block in blocks {
      switch block {
      case .section(let title): text += (text.isEmpty ? "" : "\n") + title + "\n"
      case .heading(let line): text += "    \(line)\n"
      case .paragraph(let paragraph): text += Self.wrapped(paragraph, indent: 4) + "\n"
      case .item(let label, let summary):
        text += "    \(label)\n" + Self.wrapped(summary, indent: 8)
      case .example(let purpose, let line): text += "    \(purpose)\n        \(line)\n\n"
      }
    }
    return text
  }

  private static func wrapped(_ text: String, indent: Int) -> String {
    let width = max(40, min(Console.columns, 90)) - indent
    var lines = [""]
    for word in text.split(whereSeparator: \.isWhitespace) {
      if lines.last!.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if lines.last!.displayWidth + 1 + String(word).displayWidth <= width {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
    let margin = String(repeating: " ", count: indent)
    return lines.map { margin + $0 + "\n" }.joined()
  }
}

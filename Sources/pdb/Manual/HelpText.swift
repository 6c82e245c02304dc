// What `--help` prints: one screen about one command. The manual has more.

import PDBKit

struct HelpText {
  let command: CommandTree

  init(_ command: CommandTree) { self.command = command }

  var text: String {
    let (overview, usage): (TerminalText, TerminalText) = (
      "OVERVIEW: \(command.abstract)", "USAGE: \(command.usage)"
    )
    var parts = [overview.string, command.discussion.filled(0, width), usage.string]
    if command.name == "pdb" {
      parts += command.groups.map { list($0.name.uppercased(), $0.commands) }
    } else if command.isGroup {
      parts.append(list("COMMANDS".translated, command.children))
    } else {
      let own = command.ownArguments
      parts.append(list("ARGUMENTS".translated, own.filter(\.isPositional)))
      parts.append(list("OPTIONS".translated, own.filter { !$0.isPositional }))
    }
    if command.isGroup || command.takesCommonOptions {
      parts.append(list("GLOBAL OPTIONS".translated, ManualText.commonOptions))
    }
    if let answer = AnswerShape.of(command) {
      parts.append(
        "FIELDS for --fields:".translated + "\n"
          + answer.fields.joined(separator: ", ").filled(2, width))
    }
    if !command.examples.isEmpty {
      let lines = command.examples.map { $0.purpose.filled(2, width) + "\n      \($0.line)" }
      parts.append("EXAMPLES".translated + ":\n" + lines.joined(separator: "\n"))
    }
    parts.append(more.string)
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private var width: Int { max(40, min(Console.columns, 90)) }

  private var more: TerminalText {
    let manual = (["pdb", "help"] + command.path.prefix(1)).joined(separator: " ")
    return command.isGroup
      ? "'\(command.call) COMMAND --help' tells more, '\(manual)' opens the manual."
      : "'\(manual)' opens the manual."
  }

  private func list(_ title: String, _ commands: [CommandTree]) -> String {
    list(title, commands.map { ($0.name, $0.abstract) })
  }

  private func list(_ title: String, _ arguments: [CommandArgument]) -> String {
    list(title, arguments.map { ($0.label, $0.description) })
  }

  /// Names and what they mean, beside each other where there is room.
  private func list(_ title: String, _ items: [(name: String, text: String)]) -> String {
    guard !items.isEmpty else { return "" }
    let limit = width / 3
    let column = min(limit, items.map(\.name.displayWidth).max() ?? 0)
    let lines = items.map { name, text in
      let filled = text.filled(column + 4, width)
      guard name.displayWidth <= column else { return "  \(name)\n\(filled)" }
      return "  \(name.padded(to: column))  " + filled.drop { $0 == " " }
    }
    return "\(title):\n" + lines.joined(separator: "\n")
  }
}

extension CommandTree {
  /// The words that call it.
  var call: String { (["pdb"] + path).joined(separator: " ") }

  /// What stands behind the command's name, as in `KEY VALUE`.
  var positionals: [String] {
    ownArguments.filter(\.isPositional).map { argument in
      let text = (argument.value ?? "").uppercased() + (argument.isRepeating ? "..." : "")
      return argument.isOptional ? "[\(text)]" : text
    }
  }

  /// One line: `pdb kv set KEY VALUE [OPTION]...`.
  var usage: String {
    if isGroup { return "\(call) COMMAND [OPTION]..." }
    return ([call] + positionals + ["[OPTION]..."]).joined(separator: " ")
  }
}

extension String {
  /// Lines of at most a width, behind a margin.
  func filled(_ indent: Int, _ width: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    for word in split(whereSeparator: \.isWhitespace).map(String.init) {
      if let last = lines.last, indent + last.displayWidth + 1 + word.displayWidth <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(word)
      }
    }
    return lines.map { margin + $0 }.joined(separator: "\n")
  }
}

// A line of the shell: commands, and where the output of each goes.
//
//   task add a; task add b     one after the other, until one fails
//   task ls | sort             what a program of the system reads, as with psql's \g
//   task ls > f, task ls >> f  into a file, or at its end
//
// A line break separates as `;` does: several lines can be pasted. What stands in quotes, or behind
// a backslash, is text.

import PDBKit

struct ShellLine {
  enum Output: Equatable {
    /// Everything up to the next `;`, for the system's shell.
    case program(String)
    case file(String, appends: Bool)
  }

  struct Command {
    fileprivate(set) var words: [String] = []
    fileprivate(set) var output: Output?
    /// As it was typed.
    fileprivate(set) var text = ""
  }

  private(set) var commands: [Command] = []

  /// What is no text outside of quotes.
  private static let signs: Set<Unicode.Scalar> = [";", "|", "<", ">", "&", "\n"]

  private static func separates(_ part: Words.Part) -> Bool {
    part.sign == ";" || part.sign == "\n"
  }

  /// - Throws: `bad_request` for a quote that does not end, and for signs that mean something in
  ///   other shells and nothing here.
  init(_ line: String) throws(PDBError) {
    guard let parts = try? Words.parts(of: line, signs: Self.signs) else {
      throw PDBError(
        .badRequest, "unclosed quote", hint: "close it, or write \\\" or \\' for the sign itself")
    }
    let scalars = Array(line.unicodeScalars)
    for parts in parts.split(whereSeparator: Self.separates) {
      commands.append(try Self.command(parts, scalars))
    }
  }

  private static func command(
    _ parts: ArraySlice<Words.Part>, _ line: [Unicode.Scalar]
  ) throws(PDBError) -> Command {
    func text(_ range: Range<Int>) -> String {
      String(String.UnicodeScalarView(line[range])).trimmingBlanks
    }
    let end = parts.last!.range.upperBound
    var command = Command(text: text(parts.first!.range.lowerBound..<end))
    var rest = parts
    while let part = rest.popFirst() {
      switch part.content {
      case .word(let word): command.words.append(word)
      case .sign("|"):
        let program = text(part.range.upperBound..<end)
        guard rest.first?.sign != "|" else { throw unsupported("||", "';' separates commands") }
        guard !program.isEmpty else {
          throw PDBError(.badRequest, "a program is missing behind '|'")
        }
        try command.send(to: .program(program))
        rest = []
      case .sign(">"):
        let appends =
          rest.first?.sign == ">" && rest.first!.range.lowerBound == part.range.upperBound
        if appends { rest.removeFirst() }
        if let number = command.words.last, number.allSatisfy(\.isNumber),
          line[part.range.lowerBound - 1] != " "
        {
          throw unsupported("\(number)>", "only what a command prints goes to a file")
        }
        guard let name = rest.popFirst()?.word else {
          throw PDBError(.badRequest, "the name of a file is missing behind '>'")
        }
        try command.send(to: .file(name, appends: appends))
      case .sign("<"): throw unsupported("<", "a command of the shell reads no file")
      case .sign:
        throw rest.first?.sign == "&"
          ? unsupported("&&", "';' separates commands, and the first that fails ends the line")
          : unsupported("&", "commands do not run in the background")
      }
    }
    guard !command.words.isEmpty else {
      throw PDBError(.badRequest, "a command is missing before '\(command.text)'")
    }
    return command
  }

  private static func unsupported(_ sign: String, _ reason: String) -> PDBError {
    PDBError(
      .badRequest, "'\(sign)' is not supported: \(reason)",
      hint: "to write it as text, put it in quotes")
  }
}

extension ShellLine.Command {
  fileprivate mutating func send(to place: ShellLine.Output) throws(PDBError) {
    guard output == nil else {
      throw PDBError(.badRequest, "the output of a command goes to one place only")
    }
    output = place
  }
}

extension String {
  fileprivate var trimmingBlanks: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}

// MARK: Completion

extension ShellLine {
  /// What a line that is being typed wants next.
  enum Typed {
    /// A word of a command of pdb: the words before it, and what is there of it.
    case word(before: [String], current: String)
    /// The name of a file, or what another shell knows better.
    case file
  }

  static func typed(_ line: String) -> Typed {
    let (parts, current, _) = Words.typed(line, signs: signs)
    let command = parts[(parts.lastIndex(where: separates).map { $0 + 1 } ?? 0)...]
    if command.last?.sign != nil || command.contains(where: { $0.sign == "|" }) { return .file }
    var words: [String] = []
    for (position, part) in command.enumerated() {
      let isFile = position > 0 && command[command.startIndex + position - 1].sign != nil
      if let word = part.word, !isFile { words.append(word) }
    }
    return .word(before: words, current: current)
  }
}

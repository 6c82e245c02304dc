// The string literals of Swift sources: a small reader, for tests that ask what the program can say.
//
// Interpolations become places as in the catalogue ("no key '%1$@'"), literals with `+` between them
// become one, and each literal knows the calls that it stands in.

/// A string literal, and where it stands.
struct SourceText {
  /// The text with `%1$@` for what is put into it.
  let template: String
  let line: Int
  /// What it is handed to, the outermost first.
  let calls: [SourceCall]
  /// Whether `.translated` follows.
  let isTranslated: Bool
}

/// An open bracket, or an interpolation.
struct SourceCall {
  enum Kind {
    case call, list, interpolation
  }

  let kind: Kind
  /// What is called, as in `Console.write`; empty for a bracket alone.
  let callee: String
  /// Of the argument.
  var label = ""
  var position = 0

  /// The last word of the callee.
  var name: String {
    callee.split(whereSeparator: { ".?!@".contains($0) }).last.map(String.init) ?? ""
  }
}

/// Takes a source apart.
struct SourceReader {
  fileprivate enum Token {
    case word(String)
    case sign(String)
    case literal([Part], line: Int)

    var sign: String? { if case .sign(let sign) = self { sign } else { nil } }
    var word: String? { if case .word(let word) = self { word } else { nil } }
  }

  fileprivate enum Part {
    case text(String)
    case place([Token])
  }

  private let bytes: [UInt8]
  private var position = 0
  private var line = 1

  private init(_ text: String) { bytes = Array(text.utf8) }

  /// All literals of a source, those within interpolations, too.
  static func texts(in source: String) -> [SourceText] {
    var reader = SourceReader(source)
    var texts: [SourceText] = []
    collect(reader.tokens(inInterpolation: false), [], &texts)
    return texts
  }

  // MARK: Tokens

  private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func begins(_ text: String, at position: Int? = nil) -> Bool {
    bytes[(position ?? self.position)...].starts(with: text.utf8)
  }

  /// - Parameter inInterpolation: ends with the parenthesis that closes it.
  private mutating func tokens(inInterpolation: Bool) -> [Token] {
    var tokens: [Token] = []
    var depth = 0
    while let byte {
      switch byte {
      case UInt8(ascii: "\n"):
        line += 1
        position += 1
      case UInt8(ascii: " "), UInt8(ascii: "\t"): position += 1
      case UInt8(ascii: "/") where begins("//"):
        while let next = self.byte, next != UInt8(ascii: "\n") { position += 1 }
      case UInt8(ascii: "\""): tokens.append(literal())
      case UInt8(ascii: "#") where begins("#\"") || begins("##\""): tokens.append(literal())
      case _ where Self.isLetter(byte):
        let start = position
        while let next = self.byte, Self.isLetter(next) || Self.isDigit(next) { position += 1 }
        tokens.append(.word(String(decoding: bytes[start..<position], as: UTF8.self)))
      case _ where Self.isDigit(byte):
        while let next = self.byte, Self.isLetter(next) || Self.isDigit(next) { position += 1 }
        tokens.append(.sign("0"))
      default:
        if Self.opens.contains(byte) { depth += 1 }
        if Self.closes.contains(byte) {
          if inInterpolation, depth == 0 { return tokens }
          depth -= 1
        }
        let length = ["??", "->", "==", "!="].contains { begins($0) } ? 2 : 1
        let sign = bytes[position..<min(bytes.count, position + length)]
        tokens.append(.sign(String(decoding: sign, as: UTF8.self)))
        position += length
      }
    }
    return tokens
  }

  private static let opens = Array("([{".utf8)
  private static let closes = Array(")]}".utf8)

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "@")
      || byte == UInt8(ascii: "#") || byte == UInt8(ascii: "`") || byte == UInt8(ascii: "$")
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Signs that no source has: a line break that is only in the source, and one that is written.
  private static let (joint, written): (UInt8, UInt8) = (0, 1)

  private mutating func literal() -> Token {
    let start = line
    var hashes = ""
    while byte == UInt8(ascii: "#") {
      hashes += "#"
      position += 1
    }
    let isMultiline = begins("\"\"\"")
    let quote = isMultiline ? "\"\"\"" : "\""
    position += quote.utf8.count
    if isMultiline { position += 1 }
    if isMultiline { line += 1 }
    let (end, escape) = (quote + hashes, "\\" + hashes)
    var parts: [Part] = []
    var text: [UInt8] = []
    while let byte, !begins(end) {
      if begins(escape + "(") {
        position += escape.utf8.count + 1
        parts.append(.text(String(decoding: text, as: UTF8.self)))
        text = []
        parts.append(.place(tokens(inInterpolation: true)))
        position += 1
      } else if begins(escape) {
        position += escape.utf8.count
        text += escaped()
      } else {
        if byte == UInt8(ascii: "\n") { line += 1 }
        text.append(byte)
        position += 1
      }
    }
    position += end.utf8.count
    parts.append(.text(String(decoding: text, as: UTF8.self)))
    return .literal(isMultiline ? Self.withoutMargin(parts) : Self.plain(parts), line: start)
  }

  /// What the escaped sign stands for.
  private mutating func escaped() -> [UInt8] {
    let sign = bytes[position]
    position += 1
    switch sign {
    case UInt8(ascii: "n"): return [Self.written]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "0"): return []
    case UInt8(ascii: "\n"):
      line += 1
      return [Self.joint]
    case UInt8(ascii: "u"):
      let end = bytes[position...].firstIndex(of: UInt8(ascii: "}"))!
      let digits = String(decoding: bytes[position + 1..<end], as: UTF8.self)
      position = end + 1
      return Array(String(UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)!).utf8)
    default: return [sign]
    }
  }

  private static func plain(_ parts: [Part]) -> [Part] {
    parts.map { part in
      guard case .text(let text) = part else { return part }
      return .text(text.replacing("\u{1}", with: "\n"))
    }
  }

  /// Takes the margin of a literal of several lines away: what stands before its last quotes.
  private static func withoutMargin(_ parts: [Part]) -> [Part] {
    guard case .text(let last) = parts.last else { return parts }
    let margin = String(last.reversed().prefix { $0 == " " || $0 == "\t" })
    var result: [Part] = []
    var isLineStart = true
    for (number, part) in parts.enumerated() {
      guard case .text(var text) = part else {
        result.append(part)
        isLineStart = false
        continue
      }
      if number == parts.count - 1 { text.removeLast(margin.count) }
      var kept = ""
      var rest = text[...]
      while let character = rest.first {
        if isLineStart, !margin.isEmpty, rest.hasPrefix(margin) {
          rest.removeFirst(margin.count)
          isLineStart = false
          continue
        }
        isLineStart = character == "\n" || character == "\0"
        if character != "\0" { kept.append(character) }
        rest.removeFirst()
      }
      if number == parts.count - 1, kept.hasSuffix("\n") { kept.removeLast() }
      result.append(.text(kept))
    }
    return plain(result)
  }

  // MARK: Literals

  private static func collect(
    _ tokens: [Token], _ outer: [SourceCall], _ texts: inout [SourceText]
  ) {
    // Braces are remembered too, so that brackets match.
    var open: [SourceCall?] = outer
    var position = 0
    while position < tokens.count {
      let token = tokens[position]
      switch token {
      case .sign("("), .sign("["):
        open.append(
          SourceCall(
            kind: token.sign == "(" ? .call : .list, callee: callee(before: position, tokens)))
      case .sign("{"): open.append(nil)
      case .sign(")"), .sign("]"), .sign("}"):
        if open.count > outer.count { open.removeLast() }
      case .sign(","):
        if open.count > outer.count {
          open[open.count - 1]?.label = ""
          open[open.count - 1]?.position += 1
        }
      case .word(let word):
        let isLabel =
          position > 0 && ["(", ","].contains(tokens[position - 1].sign)
          && position + 1 < tokens.count && tokens[position + 1].sign == ":"
        if isLabel, open.count > outer.count {
          open[open.count - 1]?.label = word
          position += 1
        }
      case .literal(var parts, let line):
        while position + 2 < tokens.count, tokens[position + 1].sign == "+",
          case .literal(let more, _) = tokens[position + 2]
        {
          parts += more
          position += 2
        }
        let next = tokens[(position + 1)...].prefix(2)
        let calls = open.compactMap(\.self)
        texts.append(
          SourceText(
            template: template(parts), line: line, calls: calls,
            isTranslated: next.first?.sign == "." && next.last?.word == "translated"))
        for case .place(let inner) in parts {
          collect(inner, calls + [SourceCall(kind: .interpolation, callee: "")], &texts)
        }
      default: break
      }
      position += 1
    }
  }

  private static func template(_ parts: [Part]) -> String {
    var (text, count) = ("", 0)
    for part in parts {
      switch part {
      case .text(let literal): text += literal
      case .place:
        count += 1
        text += "%\(count)$@"
      }
    }
    return text
  }

  /// The words before a bracket, with the signs between them.
  private static func callee(before end: Int, _ tokens: [Token]) -> String {
    var name = ""
    var position = end - 1
    while position >= 0 {
      if let word = tokens[position].word {
        name = word + name
        guard position > 0, [".", "?", "!"].contains(tokens[position - 1].sign) else { break }
      } else if let sign = tokens[position].sign, [".", "?", "!"].contains(sign) {
        name = sign + name
      } else {
        break
      }
      position -= 1
    }
    return name
  }
}

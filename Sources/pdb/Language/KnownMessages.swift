// Messages that arrive in English: errors of the store, of nodes and of the parser. Over HTTP and in
// JSON they stay so; where they are shown to the user they are recognized and translated.

import Foundation

/// Finds the templates that messages were made of.
struct KnownMessages: Sendable {
  private struct Pattern: Sendable {
    let original: String
    /// How many letters of a message it explains.
    let letterCount: Int
    let literals: [[UInt8]]
    let places: [Int]
    /// Whether the argument at a place stands in quotes: then it is data, and nothing that pdb says.
    let isQuoted: [Bool]
    let translation: String

    var byteCount: Int { literals.reduce(0) { $0 + $1.count } }
  }

  private let catalogue: Catalogue
  /// By their first byte; under `nil` those that begin with an argument. Those that say most come
  /// first.
  private let patterns: [UInt8?: [Pattern]]

  /// A template with fewer letters fits by chance.
  private static let leastLetters = 3

  /// One with fewer than these may: then what stands in its places must be plain or known.
  private static let tellingLetters = 8

  static let vietnamese = KnownMessages(.vietnamese)

  private static var current: KnownMessages? {
    UserLanguage.current == .vietnamese ? vietnamese : nil
  }

  init(_ catalogue: Catalogue) {
    self.catalogue = catalogue
    let found = catalogue.translations.compactMap { original, translation -> Pattern? in
      let template = Template(original)
      let letterCount = template.letterCount
      guard !template.places.isEmpty, letterCount >= Self.leastLetters else { return nil }
      return Pattern(
        original: original, letterCount: letterCount,
        literals: template.literals.map { Array($0.utf8) }, places: template.places,
        isQuoted: template.literals.dropLast().map { $0.hasSuffix("'") || $0.hasSuffix("\"") },
        translation: translation)
    }
    let sorted = found.sorted {
      // Among those that say as much, the one with quotes: what stands in them is data.
      ($1.letterCount, $1.byteCount, $0.original) < ($0.letterCount, $0.byteCount, $1.original)
    }
    patterns = Dictionary(grouping: sorted) { $0.literals[0].first }
  }

  /// The message in the user's language; as it is if it is not known.
  static func translated(_ message: String) -> String {
    current?.translation(of: message) ?? message
  }

  /// A message in an argument of a message, and no deeper: what else stands there is data.
  private static let depth = 3
  /// What is longer is no message of pdb.
  private static let longest = 4096

  /// The translation of a message; `nil` if nothing of it is known.
  ///
  /// - Complexity: O(n · m) in the number of templates with the message's first letter and in its length; for its
  ///   arguments and sentences once more.
  func translation(of message: String) -> String? { translation(of: message, Self.depth) }

  private func translation(of message: String, _ depth: Int) -> String? {
    guard depth > 0, message.utf8.count <= Self.longest else { return nil }
    if let exact = catalogue[message] { return exact }
    guard let first = message.utf8.first else { return nil }
    if let found = translation(of: message, by: patterns[first, default: []], depth) {
      return found
    }
    // The sentences of a verdict are templates of their own.
    let sentences = message.components(separatedBy: ". ")
    if sentences.count > 1 {
      return parts(
        sentences.dropLast().map { $0 + "." } + [sentences[sentences.count - 1]], " ", depth)
    }
    if let found = translation(of: message, by: patterns[nil, default: []], depth) { return found }
    // Whose it is, and what is the matter.
    guard let colon = message.range(of: ": ") else { return nil }
    return parts(
      [String(message[..<colon.lowerBound]), String(message[colon.upperBound...])], ": ", depth)
  }

  private func parts(_ parts: [String], _ separator: String, _ depth: Int) -> String? {
    let translations = parts.map { translation(of: $0, depth - 1) }
    guard translations.contains(where: { $0 != nil }) else { return nil }
    return zip(parts, translations).map { $1 ?? $0 }.joined(separator: separator)
  }

  private func translation(
    of message: String, by patterns: [Pattern], _ depth: Int
  ) -> String? {
    let text = Array(message.utf8)
    for pattern in patterns {
      guard let arguments = Self.arguments(of: text[...], pattern),
        let filled = filled(arguments.map { String(decoding: $0, as: UTF8.self) }, pattern, depth)
      else { continue }
      return filled
    }
    return nil
  }

  /// The translation with the arguments, of which those that pdb says are translated; `nil` if the
  /// template fits by chance.
  private func filled(_ arguments: [String], _ pattern: Pattern, _ depth: Int) -> String? {
    var filled = [String](repeating: "", count: pattern.places.max() ?? 0)
    for (position, argument) in arguments.enumerated() {
      let translation = pattern.isQuoted[position] ? nil : translation(of: argument, depth - 1)
      let isPlain =
        pattern.isQuoted[position] || pattern.letterCount >= Self.tellingLetters
        || Self.isPlain(argument)
      guard translation != nil || isPlain else { return nil }
      filled[pattern.places[position] - 1] = translation ?? argument
    }
    return Template(pattern.translation).filled(filled)
  }

  /// Whether a text is a word, or several with commas between them: a name, a number, an address.
  private static func isPlain(_ text: String) -> Bool {
    text.components(separatedBy: ", ").allSatisfy { !$0.isEmpty && !$0.contains(" ") }
  }

  /// What stands at the places; `nil` if the text is not of this template.
  private static func arguments(
    of text: ArraySlice<UInt8>, _ pattern: Pattern
  ) -> [ArraySlice<UInt8>]? {
    let (first, last) = (pattern.literals[0], pattern.literals[pattern.literals.count - 1])
    guard text.starts(with: first), text.count >= first.count + last.count,
      text.suffix(last.count).elementsEqual(last)
    else { return nil }
    var rest = text.dropFirst(first.count).dropLast(last.count)
    var arguments: [ArraySlice<UInt8>] = []
    for literal in pattern.literals.dropFirst().dropLast() {
      let start = rest.startIndex..<rest.startIndex
      guard let found = literal.isEmpty ? start : rest.firstRange(of: literal) else { return nil }
      arguments.append(rest[..<found.lowerBound])
      rest = rest[found.upperBound...]
    }
    return arguments + [rest]
  }
}

// Messages that arrive in English: errors of the store, of nodes and of the parser. Over HTTP and in
// JSON they stay so; where they are shown to the user they are recognized and translated.

import Foundation

/// Finds the template that a message was made of.
struct KnownMessages: Sendable {
  private struct Pattern: Sendable {
    let original: String
    let letterCount: Int
    let literals: [[UInt8]]
    let places: [Int]
    /// Whether the argument at a place stands in quotes: then it is data, and nothing that pdb says.
    let isQuoted: [Bool]
    let translation: String
  }

  private let catalogue: Catalogue
  /// By their first byte; under `nil` those that begin with an argument. Those that say most come
  /// first.
  private let patterns: [UInt8?: [Pattern]]

  /// A template with fewer letters fits too much.
  private static let leastLetters = 3

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
      ($1.letterCount, $0.original) < ($0.letterCount, $1.original)
    }
    patterns = Dictionary(grouping: sorted) { $0.literals[0].first }
  }

  /// The message in the user's language; as it is if it is not known.
  static func translated(_ message: String) -> String {
    current?.translation(of: message) ?? message
  }

  /// - Complexity: O(n · m) in the number of templates with the message's first letter and in its length.
  func translation(of message: String) -> String {
    if let exact = catalogue[message] { return exact }
    guard let first = message.utf8.first else { return message }
    if let found = translation(of: message, by: patterns[first, default: []]) { return found }
    // The sentences of a verdict are templates of their own.
    let sentences = message.components(separatedBy: ". ")
    if sentences.count > 1 {
      return sentences.enumerated().map { position, sentence in
        translation(of: position < sentences.count - 1 ? sentence + "." : sentence)
      }.joined(separator: " ")
    }
    if let found = translation(of: message, by: patterns[nil, default: []]) { return found }
    // Whose it is, and what is the matter.
    guard let colon = message.range(of: ": ") else { return message }
    return translation(of: String(message[..<colon.lowerBound])) + ": "
      + translation(of: String(message[colon.upperBound...]))
  }

  private func translation(of message: String, by patterns: [Pattern]) -> String? {
    let text = Array(message.utf8)
    for pattern in patterns {
      guard let arguments = Self.arguments(of: text[...], pattern) else { continue }
      var filled = [String](repeating: "", count: pattern.places.max() ?? 0)
      for (position, argument) in arguments.enumerated() {
        let argument = String(decoding: argument, as: UTF8.self)
        filled[pattern.places[position] - 1] =
          pattern.isQuoted[position] ? argument : translation(of: argument)
      }
      return Template(pattern.translation).filled(filled)
    }
    return nil
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

// What pdb says in another language: English texts and their translations, as gettext keeps them
// ("The Format of PO Files" in its manual; msgfmt -c and Poedit read them).
//
//   #: Sources/pdb/Commands/KV/KVRm.swift
//   msgid "removed %1$@"
//   msgstr "đã xóa %1$@"
//
// A text with arguments is a template: the places are numbered, so that a translation may have them
// in another order.

import Language

struct Catalogue: Sendable {
  /// The translations by the English text.
  let translations: [String: String]

  /// That of the user's language; `nil` for English.
  static var current: Catalogue? { UserLanguage.current == .vietnamese ? vietnamese : nil }

  /// Read when it is used first.
  static let vietnamese: Catalogue = {
    let embedded = vietnameseCatalogue()
    return Catalogue(
      parsing: Array(UnsafeBufferPointer(start: embedded.bytes, count: embedded.count)))
  }()

  /// The translation of a text without arguments.
  subscript(_ text: String) -> String? { translations[text] }

  /// The translation of a template with its arguments.
  func text(_ template: String, _ arguments: [String]) -> String? {
    translations[template].map { arguments.isEmpty ? $0 : Template($0).filled(arguments) }
  }
}

extension String {
  /// The user's words for a text of pdb's own that has no arguments; the text itself if there are
  /// none.
  var translated: String { Catalogue.current?[self] ?? self }
}

// MARK: Reading

extension Catalogue {
  /// - Parameter bytes: a PO file. What is untranslated or marked as fuzzy is left out.
  init(parsing bytes: [UInt8]) {
    var reader = CatalogueReader()
    for line in bytes.split(separator: UInt8(ascii: "\n")) { reader.take(line) }
    reader.endEntry()
    translations = reader.translations
  }
}

/// Takes the lines of a PO file.
private struct CatalogueReader {
  private enum Part {
    case none, original, translation
  }

  private(set) var translations: [String: String] = [:]
  private var part = Part.none
  private var original: [UInt8] = []
  private var translation: [UInt8] = []
  private var isFuzzy = false

  private static let original = Array("msgid \"".utf8)
  private static let translation = Array("msgstr \"".utf8)
  private static let flags = Array("#,".utf8)
  private static let fuzzy = Array("fuzzy".utf8)

  mutating func take(_ line: ArraySlice<UInt8>) {
    switch line.first {
    case UInt8(ascii: "\""): append(line)
    case UInt8(ascii: "m"):
      if line.starts(with: Self.original) {
        endEntry()
        part = .original
        append(line.dropFirst(Self.original.count - 1))
      } else if line.starts(with: Self.translation) {
        part = .translation
        append(line.dropFirst(Self.translation.count - 1))
      }
    case UInt8(ascii: "#"):
      // Comments stand before their entry.
      endEntry()
      if line.starts(with: Self.flags), line.contains(Self.fuzzy) { isFuzzy = true }
    default: break
    }
  }

  mutating func endEntry() {
    if part == .translation {
      // The entry without an original is the file's header.
      if !original.isEmpty, !translation.isEmpty, !isFuzzy {
        translations[String(decoding: original, as: UTF8.self)] =
          String(decoding: translation, as: UTF8.self)
      }
      isFuzzy = false
    }
    if part != .none {
      (original, translation) = ([], [])
      part = .none
    }
  }

  /// Adds what stands between two quotes.
  private mutating func append(_ line: ArraySlice<UInt8>) {
    guard let end = line.lastIndex(of: UInt8(ascii: "\"")), end > line.startIndex else { return }
    let quoted = line[..<end].dropFirst()
    let text = quoted.contains(UInt8(ascii: "\\")) ? Self.unescaped(quoted)[...] : quoted
    if part == .original { original += text } else { translation += text }
  }

  private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var plain: [UInt8] = []
    var isEscaped = false
    for byte in text {
      if isEscaped || byte != UInt8(ascii: "\\") {
        plain.append(isEscaped ? unescaped(byte) : byte)
        isEscaped = false
      } else {
        isEscaped = true
      }
    }
    return plain
  }

  private static func unescaped(_ byte: UInt8) -> UInt8 {
    switch byte {
    case UInt8(ascii: "n"): UInt8(ascii: "\n")
    case UInt8(ascii: "t"): UInt8(ascii: "\t")
    case UInt8(ascii: "r"): UInt8(ascii: "\r")
    default: byte
    }
  }
}

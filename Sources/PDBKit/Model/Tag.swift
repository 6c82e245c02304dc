// Names that users give to revisions.
//
//   NUL tag/NAME    the number of the revision, in decimal
//
// A tag is part of the state like any key: setting it makes a revision, which can be undone. What the keys
// held at a revision that has a tag is kept, however old it is; what the history says of it is not.

import Foundation

/// The name of a tag: it begins with a letter, then come letters, digits, `.`, `_`, `-` and `/`.
public struct TagName: Hashable, Sendable, CustomStringConvertible {
  /// The name, in Unicode's form NFC.
  public let text: String

  /// - Throws: `bad_request` for a text that cannot be a tag's name.
  public init(_ text: String) throws(PDBError) {
    let name = text.precomposedStringWithCanonicalMapping
    guard name.first?.isLetter == true, name.allSatisfy(Self.mayStand), !name.contains(".."),
      name.utf8.count <= Limits.tagBytes
    else {
      throw PDBError(
        .badRequest, "'\(text.escapingControlCharacters)' cannot be the name of a tag",
        hint: "a letter, then letters, digits, '.', '_', '-' and '/', at most \(Limits.tagBytes) "
          + "bytes, without '..'")
    }
    self.text = name
  }

  private static func mayStand(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || ".-_/".contains(character)
  }

  /// The name.
  public var description: String { text }
}

/// A name for a revision.
public struct Tag: Equatable, Sendable {
  /// The name.
  public let name: TagName
  /// The revision that it names.
  public let revision: UInt64

  /// A tag of a revision.
  public init(_ name: TagName, revision: UInt64) {
    self.name = name
    self.revision = revision
  }
}

extension SystemKeys {
  static let tags = prefix + Bytes(utf8: "tag/")

  static func tag(_ name: TagName) -> Bytes { tags + Bytes(utf8: name.text) }
}

extension Tag {
  /// - Returns: `nil` if this is no tag.
  init?(_ key: Bytes, _ value: Bytes) {
    guard key.starts(with: SystemKeys.tags), let revision = value.utf8String.flatMap(UInt64.init),
      let text = Bytes(key.dropFirst(SystemKeys.tags.count)).utf8String,
      let name = try? TagName(text)
    else { return nil }
    self.init(name, revision: revision)
  }
}

extension KeyValueView {
  /// The tag with this name; `nil` if there is none.
  package func tag(_ name: TagName) throws -> Tag? {
    let key = SystemKeys.tag(name)
    return try get(key).flatMap { Tag(key, $0.value) }
  }

  /// All tags, in the order of their names' bytes.
  package func tags() throws -> [Tag] {
    var tags: [Tag] = []
    try scan(prefix: SystemKeys.tags) { key, stored in
      if let tag = Tag(key, stored.value) { tags.append(tag) }
      return true
    }
    return tags
  }
}

extension PDBError {
  /// There is no such tag.
  package static func unknown(_ tag: TagName) -> PDBError {
    PDBError(.revisionNotFound, "there is no tag '\(tag)'", hint: "'pdb tag' lists them")
  }
}

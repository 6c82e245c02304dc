// How users name a revision, and which one a name means.
//
//   @             the newest                     @~3    three revisions before that
//   7             by its number                  7~     one before it
//   release-1     by a tag
//   2026-11-20T08:30:00Z     by a time: the newest that was made by then
//
// The words are those of gitrevisions(7). A number begins with a digit, a time with a year and `-`, a
// tag with a letter, so none can be taken for another.

/// A name for a revision. What it means is decided by the state that it is looked up in.
public struct RevisionName: Equatable, Sendable, CustomStringConvertible {
  /// Where counting begins.
  public enum Base: Equatable, Sendable {
    /// The newest revision.
    case newest
    /// The revision with this number; 0 is the state before the first one.
    case number(UInt64)
    /// The revision that has this tag.
    case tag(TagName)
    /// The last revision before the first one that is stamped later.
    case time(Timestamp)
  }

  /// Where counting begins.
  public let base: Base
  /// How many revisions before that.
  public let back: UInt64

  /// The revision that is `back` revisions before `base`.
  public init(_ base: Base, back: UInt64 = 0) {
    self.base = base
    self.back = back
  }

  /// The newest revision.
  public static let newest = RevisionName(.newest)

  /// The revision with this number.
  public static func number(_ number: UInt64) -> RevisionName { RevisionName(.number(number)) }

  /// Reads a name as ``description`` writes it; `@{TIME}` is a time, too.
  ///
  /// - Throws: `bad_request` for a text that names no revision.
  public init(parsing text: String) throws(PDBError) {
    let parts = text.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false)
    let count = parts.count == 1 ? "0" : parts[1].isEmpty ? "1" : String(parts[1])
    guard let base = try Base(String(parts[0])), let back = UInt64(digits: count) else {
      throw PDBError(
        .badRequest, "'\(text.escapingControlCharacters)' names no revision",
        hint: "a revision is a number, a tag, '@' for the newest, '@~3' for three before it, or a "
          + "time such as 2026-11-20T08:30:00Z")
    }
    self.init(base, back: back)
  }

  /// For example `@~3`.
  public var description: String { back == 0 ? base.text : "\(base.text)~\(back)" }
}

extension RevisionName.Base {
  /// `nil` for a text that is none.
  fileprivate init?(_ text: String) throws(PDBError) {
    if text == "@" {
      self = .newest
    } else if let number = UInt64(digits: text) {
      self = .number(number)
    } else if let time = Timestamp(rfc3339: text) ?? Self.time(inBraces: text) {
      self = .time(time)
    } else if text.first?.isLetter == true {
      self = .tag(try TagName(text))
    } else {
      return nil
    }
  }

  private static func time(inBraces text: String) -> Timestamp? {
    guard text.hasPrefix("@{"), text.hasSuffix("}") else { return nil }
    return Timestamp(rfc3339: String(text.dropFirst(2).dropLast()))
  }

  fileprivate var text: String {
    switch self {
    case .newest: "@"
    case .number(let number): String(number)
    case .tag(let tag): tag.text
    case .time(let time): time.description
    }
  }
}

extension UInt64 {
  /// Only what is written with digits alone, without a sign.
  fileprivate init?(digits text: String) {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    self.init(text)
  }
}

// MARK: Looking it up

extension StateView {
  /// The number of the revision that a name means.
  ///
  /// - Parameter mark: how far the state is.
  /// - Throws: `revision_not_found` for what is forgotten, still to come, or was never there.
  package func number(of name: RevisionName, _ mark: DataMark) throws -> UInt64 {
    let base =
      switch name.base {
      case .newest: mark.revision
      case .number(let number): number
      case .tag(let tag): try revision(of: tag)
      case .time(let time): try revision(at: time, mark)
      }
    guard base <= mark.revision else { throw mark.unknown(base) }
    guard name.back <= base else {
      throw PDBError(
        .revisionNotFound, "'\(name)' lies before the first revision",
        hint: "the newest is \(mark.revision)")
    }
    let number = base - name.back
    guard try isReadable(number, mark) else { throw mark.unknown(number) }
    return number
  }

  /// Whether the keys can be read as they were at a revision: everything since the oldest one that is
  /// known, and what a tag holds.
  package func isReadable(_ number: UInt64, _ mark: DataMark) throws -> Bool {
    guard number <= mark.revision else { return false }
    return try number >= mark.compactedRevision || tags().contains { $0.revision == number }
  }

  private func revision(of tag: TagName) throws -> UInt64 {
    guard let found = try self.tag(tag) else { throw PDBError.unknown(tag) }
    return found.revision
  }

  private func revision(at time: Timestamp, _ mark: DataMark) throws -> UInt64 {
    guard let later = try firstRevision(stampedAfter: time) else { return mark.revision }
    guard later > mark.compactedRevision + 1 || mark.compactedRevision == 0 else {
      let oldest = try revision(later)?.stamp.time.description ?? ""
      throw PDBError(
        .revisionNotFound, "the history does not go back to \(time)",
        hint: "it begins at \(oldest); older revisions are forgotten")
    }
    return later - 1
  }
}

extension DataMark {
  /// The error for a revision that is not there.
  package func unknown(_ number: UInt64) -> PDBError {
    PDBError(
      .revisionNotFound,
      number > revision ? "there is no revision \(number) yet" : "there is no revision \(number)",
      hint: number == 0 && compactedRevision == 0
        ? "nothing had been written by then"
        : number <= compactedRevision
          ? "the history begins after revision \(compactedRevision); older ones are forgotten"
          : "the newest is \(revision)",
      details: [.init("revision", JSON(revision))])
  }
}

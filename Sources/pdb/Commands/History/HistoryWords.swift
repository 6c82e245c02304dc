// Which words of a command name revisions, and which the beginning of keys.

import ArgumentParser
import PDBKit

/// The words of `log` and `diff`, told apart. A tag comes before the beginning of keys, as in git.
struct HistoryWords {
  private(set) var revisions: [String] = []
  private(set) var prefix: String?

  /// - Parameter most: how many revisions there may be.
  /// - Throws: a usage error for more words than that and one beginning of keys.
  init(_ words: [String], most: Int, _ session: Session) async throws {
    let isUnclear = words.contains { !Self.isClear($0) && (try? TagName($0)) != nil }
    let tags =
      isUnclear ? Set(try await session.store().tags(at: .now).value.map(\.name.text)) : []
    for word in words {
      if Self.isClear(word) || tags.contains(word) {
        revisions.append(word)
      } else if prefix == nil {
        prefix = word
      } else {
        throw ValidationError("there is no tag '\(word)', and one beginning of keys is enough")
      }
    }
    guard revisions.count <= most else {
      throw ValidationError("too many revisions: \(revisions.joined(separator: " "))")
    }
  }

  /// Whether a word names revisions whatever tags there are.
  static func isClear(_ word: String) -> Bool {
    RevisionRange.isRange(word) || RevisionRange.looksLikeRevision(word)
  }
}

// Which versions of a key can go when revisions are forgotten.

/// What to forget of the oldest revision that is known.
package struct Forgetting: Equatable, Sendable {
  /// The revision.
  package let number: UInt64
  /// Of the keys that it changed, the versions before this revision go.
  package let first: UInt64
  /// Revisions whose state is kept, because they have tags.
  package let held: [UInt64]

  package init(_ number: UInt64, keepingFrom first: UInt64, held: [UInt64] = []) {
    self.number = number
    self.first = first
    self.held = held
  }

  /// A version of a key.
  package struct Version: Equatable, Sendable {
    package let revision: UInt64
    /// Whether it says that the key is gone.
    package let isTombstone: Bool

    package init(revision: UInt64, isTombstone: Bool) {
      self.revision = revision
      self.isTombstone = isTombstone
    }
  }

  /// The revisions of those versions of one key that nothing needs any more.
  ///
  /// - Parameter versions: all of the key, the oldest first.
  package func superfluous(among versions: [Version]) -> [UInt64] {
    guard let newest = versions.last(where: { $0.revision <= number })?.revision else { return [] }
    // Of a key that the revision did not change the newest version stays.
    let first = newest == number ? self.first : newest
    var removed: [UInt64] = []
    var hasOlder = false
    for (version, next) in zip(versions, versions.dropFirst().map(Optional.init) + [nil]) {
      let end = next?.revision ?? .max
      let isReplaced = version.revision < first
      let isHeld = !isReplaced || held.contains { version.revision <= $0 && $0 < end }
      // A key that is gone and one that never was are the same, where nothing older is known.
      let isEmpty = version.isTombstone && !hasOlder && version.revision <= number
      if !isHeld || isEmpty { removed.append(version.revision) } else { hasOlder = true }
    }
    return removed
  }
}

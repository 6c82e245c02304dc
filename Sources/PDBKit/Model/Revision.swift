// A change as the history keeps it, and looking back at the history.
//
// The changes of a revision are a list of (key, before?(revision value), after?(value)) in
// BinaryWriter's notation.

/// What a change did to one key.
package struct KeyChange: Equatable, Sendable {
  package let key: Bytes
  /// What was there, and since which revision; `nil` if nothing.
  package let before: StoredValue?
  /// What is there since; `nil` if nothing.
  package var after: Bytes?
}

/// One revision: who changed what, when, and how.
package struct RevisionRecord: Sendable {
  package let number: UInt64
  /// Where its operation stands in the log.
  package let index: UInt64
  package let term: UInt64
  package let stamp: Stamp
  /// ``Operation/name``.
  package let operation: String
  /// Encoded: most readers of the history need only some of them.
  package let changes: Bytes

  package init(
    number: UInt64, index: UInt64, term: UInt64, stamp: Stamp, operation: String, changes: Bytes
  ) {
    self.number = number
    self.index = index
    self.term = term
    self.stamp = stamp
    self.operation = operation
    self.changes = changes
  }

  /// What was there before and after, per key.
  ///
  /// - Throws: ``BinaryReader/Malformed``.
  package func keyChanges() throws -> [KeyChange] {
    var reader = BinaryReader(changes)
    let changes = try reader.readList { reader in
      KeyChange(
        key: try reader.readBytes(),
        before: try reader.readOptional { reader in
          let revision = try reader.readUInt64()
          return StoredValue(value: try reader.readBytes(), revision: revision)
        },
        after: try reader.readOptional { try $0.readBytes() })
    }
    try reader.finish()
    return changes
  }

  /// The revision that this one takes back, if it is an undo.
  package var undoes: UInt64? {
    let words = operation.split(separator: " ")
    return words.count == 2 && words[0] == "undo" ? UInt64(words[1]) : nil
  }
}

extension [KeyChange] {
  func encoded() -> Bytes {
    var writer = BinaryWriter(capacity: 256)
    writer.write(list: self) { writer, change in
      writer.write(change.key)
      writer.write(optional: change.before) { writer, before in
        writer.write(before.revision)
        writer.write(before.value)
      }
      writer.write(optional: change.after) { $0.write($1) }
    }
    return writer.bytes
  }
}

/// A consistent view of the past.
package protocol HistoryView {
  /// Visits the revisions from `first` through `last` that are still known, in order or
  /// reversed, until `body` returns false.
  func scanHistory(
    from first: UInt64, through last: UInt64, reversed: Bool,
    _ body: (RevisionRecord) throws -> Bool
  ) throws
}

extension HistoryView {
  /// One revision; `nil` if it is not known, or no longer.
  package func revision(_ number: UInt64) throws -> RevisionRecord? {
    var found: RevisionRecord?
    try scanHistory(from: number, through: number, reversed: false) {
      found = $0
      return false
    }
    return found
  }

  /// The newest revision of an author that is neither an undo nor taken back by one: what
  /// undoing without a number means, so that undoing twice takes back two changes.
  func newestUndoable(by author: String) throws -> RevisionRecord? {
    var takenBack: Set<UInt64> = []
    var found: RevisionRecord?
    try scanHistory(from: 0, through: UInt64(Int64.max), reversed: true) { revision in
      if takenBack.contains(revision.number) { return true }
      if let undone = revision.undoes {
        takenBack.insert(undone)
      } else if revision.stamp.author == author {
        found = revision
      }
      return found == nil
    }
    return found
  }
}

/// The keys as they are, and how they came to be so.
package typealias StateView = HistoryView & KeyValueView

// Going back to what was, and giving revisions names, written against the view of the state.

/// Keys that stand for locks.
package enum LockKeys {
  package static let prefix = Bytes(utf8: "lock/")
}

extension Draft {
  /// Takes the author's newest undo back.
  ///
  /// - Throws: `revision_not_found` if their newest change that stands is no undo.
  mutating func redo(by author: String) throws -> Undone {
    guard let revision = try newestUndo(by: author) else {
      throw PDBError(
        .revisionNotFound, "there is nothing to redo",
        hint: "'pdb redo' takes back your last undo, as long as you change nothing after it")
    }
    return try undo(revision.number, by: author)
  }

  /// Gives all keys with a prefix the values that they had at a revision.
  ///
  /// - Returns: how many keys that changed.
  mutating func restore(to name: RevisionName, prefix: Bytes) throws -> Int {
    let number = try number(of: name, mark)
    let past = try past(number)
    var keys: [Bytes] = []
    try scanKeys(
      from: prefix.isEmpty ? SystemKeys.firstUserKey : prefix, to: prefix.prefixEnd,
      changedAfter: number, through: mark.revision
    ) {
      keys.append($0)
      return true
    }
    var count = 0
    // Who held a lock then does not hold it now.
    let sparesLocks = !prefix.starts(with: LockKeys.prefix)
    for key in keys where !sparesLocks || !key.starts(with: LockKeys.prefix) {
      let (now, then) = (try get(key), try past.get(key))
      guard now?.value != then?.value else { continue }
      try restore(key, now, then)
      count += 1
    }
    return count
  }

  /// A task takes its number with it, wherever it goes.
  private mutating func restore(
    _ key: Bytes, _ now: StoredValue?, _ then: StoredValue?
  ) throws {
    func task(_ stored: StoredValue?) -> TaskItem? {
      TaskKeys.isTask(key) ? stored.flatMap(VersionedTask.init)?.task : nil
    }
    let (old, new) = (task(now), task(then))
    if let old, old.number != new?.number { try delete(TaskKeys.number(old.number)) }
    if let then { try put(key, then.value) } else { try delete(key) }
    if let new, old?.number != new.number {
      try put(TaskKeys.number(new.number), Bytes(utf8: new.id))
    }
  }

  /// Names a revision.
  ///
  /// - Throws: `conflict` if the tag names another one and is not to be replaced.
  mutating func tag(_ tag: TagName, _ name: RevisionName, replace: Bool) throws -> Tag {
    let new = Tag(tag, revision: try number(of: name, mark))
    let known = try tags()
    if let old = known.first(where: { $0.name == tag }) {
      guard old != new else { return old }
      guard replace else {
        throw PDBError(
          .conflict, "the tag '\(tag)' exists already, at revision \(old.revision)",
          hint: "--force moves it (HTTP: 'replace')",
          details: [.init("revision", JSON(old.revision))])
      }
    } else {
      guard known.count < Limits.tags else {
        throw PDBError(
          .tooMany, "there are \(known.count) tags, which is the most",
          hint: "'pdb tag -d NAME' removes one")
      }
    }
    try put(SystemKeys.tag(tag), Bytes(utf8: String(new.revision)))
    return new
  }

  mutating func removeTag(_ tag: TagName) throws {
    guard try self.tag(tag) != nil else { throw PDBError.unknown(tag) }
    try delete(SystemKeys.tag(tag))
  }

  /// What a tag held may be forgotten once the tag is gone.
  ///
  /// - Throws: `conflict` if undoing a change would bring back a tag of a revision that is.
  func checkTag(_ change: KeyChange, of number: UInt64) throws {
    guard let before = change.before, let tag = Tag(change.key, before.value),
      try !isReadable(tag.revision, mark)
    else { return }
    throw PDBError(
      .conflict,
      "revision \(number) cannot be undone: revision \(tag.revision), which had the tag "
        + "'\(tag.name)', is forgotten")
  }
}

extension HistoryView {
  /// The newest undo of an author that stands, if no other change of theirs came after it.
  func newestUndo(by author: String) throws -> RevisionRecord? {
    var takenBack: Set<UInt64> = []
    var found: RevisionRecord?
    try scanHistory(from: 0, through: UInt64(Int64.max), reversed: true) { record in
      if takenBack.contains(record.number) { return true }
      guard let undone = record.undoes else { return record.stamp.author != author }
      takenBack.insert(undone)
      // What takes an undo back is none: it stands for the change that came back.
      let isRedo = try revision(undone)?.undoes != nil
      if !isRedo, record.stamp.author == author { found = record }
      return found == nil
    }
    return found
  }
}

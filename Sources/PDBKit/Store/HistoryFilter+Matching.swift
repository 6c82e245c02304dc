// Whether a revision is of interest.

package import PDBModel

extension HistoryFilter {
  private var wantsAllChanges: Bool {
    task == nil && key == nil && prefix == nil && text == nil
  }

  /// Whether a revision is wanted.
  package func matches(_ revision: Revision) -> Bool {
    matches(author: revision.author, time: revision.time)
      && (wantsAllChanges || revision.changes.contains(where: matches))
  }

  /// Whether a revision may be wanted, whatever it changed.
  package func matches(author: String, time: Timestamp) -> Bool {
    if let wanted = self.author, author != wanted { return false }
    if let since, time < since { return false }
    if let until, time > until { return false }
    return true
  }

  /// Whether a change concerns what is wanted. A task that is gone is still found by the number
  /// or the id that it had.
  func matches(_ change: Revision.KeyChange) -> Bool {
    if let key, change.key != key { return false }
    if let prefix, !change.key.starts(with: prefix) { return false }
    if let text {
      let wanted = Bytes(text.utf8)
      guard change.before.occurrences(of: wanted) != change.after.occurrences(of: wanted) else {
        return false
      }
    }
    guard let task else { return true }
    guard let id = TaskKeys.id(of: change.key) else { return false }
    if let number = UInt64(task) {
      let tasks = [change.before, change.after].compactMap { $0 }.compactMap {
        (try? JSON(parsing: $0)).flatMap { TaskItem(json: $0) }
      }
      if tasks.contains(where: { $0.number == number }) { return true }
    }
    return id == task
      || task.utf8.count >= TaskReference.shortestPrefix && id.hasPrefix(task.lowercased())
  }

  /// A revision with only those of its changes that are wanted; `nil` if it is not wanted at all.
  func part(of revision: Revision) -> Revision? {
    if isEmpty { return revision }
    guard matches(revision) else { return nil }
    let changes = revision.changes.filter(matches)
    return revision.showing(changes, of: changes.count)
  }
}

extension Bytes? {
  /// How often a text stands in a value, without overlap; never where there is no value.
  fileprivate func occurrences(of text: Bytes) -> Int {
    guard let self, !text.isEmpty else { return 0 }
    var (count, rest) = (0, self[...])
    while let start = rest.firstIndex(of: text[0]) {
      rest = rest[start...]
      let isFound = rest.starts(with: text)
      count += isFound ? 1 : 0
      rest = rest.dropFirst(isFound ? text.count : 1)
    }
    return count
  }
}

extension Revision {
  /// A revision as callers see it: keys that are pdb's own are left out.
  package init(_ made: RecordedRevision) {
    let record = made.record
    self.init(
      number: record.number, time: record.stamp.time, author: record.stamp.author,
      operation: record.operation, undoes: record.undoes, term: record.term,
      request: record.stamp.request?.id, count: record.visibleCount,
      changes: made.changes.filter(\.isVisible).map {
        KeyChange(key: $0.key, before: $0.before?.value, after: $0.after)
      },
      settings: made.changes.flatMap(\.settings))
  }

  /// The same revision with the first of its changes only.
  package func showing(first limit: Int) -> Revision {
    changes.count > limit ? showing(Array(changes.prefix(limit)), of: count) : self
  }

  /// The same revision with some of its changes, and how many are said to be there.
  fileprivate func showing(_ changes: [KeyChange], of count: Int) -> Revision {
    Revision(
      number: number, time: time, author: author, operation: operation, undoes: undoes, term: term,
      request: request, count: count, changes: changes, settings: settings)
  }

  /// How many bytes its changes have: keys, and values before and after.
  package var byteCount: Int {
    changes.reduce(0) { $0 + $1.key.count + ($1.before?.count ?? 0) + ($1.after?.count ?? 0) }
  }
}

/// What a listener is told of revisions that follow each other: up to a bound, so that one that is
/// far behind does not keep others waiting.
package struct EventBatch {
  private let filter: HistoryFilter
  private var events: [ChangeEvent] = []
  private var bytes = 0
  private var skipped: UInt64?

  package init(_ filter: HistoryFilter) { self.filter = filter }

  package var isFull: Bool { bytes >= Limits.eventBytes }

  package mutating func add(_ revision: Revision) {
    guard let part = filter.part(of: revision) else {
      skipped = revision.number
      return
    }
    skipped = nil
    events.append(.change(part))
    bytes += part.byteCount + Self.memberBytes
  }

  /// About what a revision takes beside its changes when it is written.
  private static let memberBytes = 200

  /// The last of them says how far it goes.
  package var all: [ChangeEvent] { events + (skipped.map { [.position($0)] } ?? []) }
}

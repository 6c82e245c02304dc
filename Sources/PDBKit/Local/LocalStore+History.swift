// Looking back, and what listeners are told.

import PDBCoordinator
package import PDBModel
package import PDBStore

extension LocalStore {
  package func revision(
    _ number: UInt64, at moment: Moment
  ) async throws(PDBError) -> Read<Revision> {
    try await read(moment, .ranges) { view, mark in
      guard let record = try view.revision(number) else { throw mark.data.unknown(number) }
      return Read(try view.shown(record), revision: mark.revision)
    }
  }

  package func history(
    _ query: HistoryQuery, at moment: Moment
  ) async throws(PDBError) -> HistoryPage {
    try await read(moment, .ranges) { view, mark in
      var page = PageOfHistory(limit: min(query.limit, Limits.logPage))
      if page.limit > 0 {
        try view.scanCandidates(of: query.filter, before: query.before ?? .max) { record in
          let revision = try view.shown(record)
          return query.filter.matches(revision) ? page.add(revision) : true
        }
      }
      return HistoryPage(
        revisions: page.revisions, revision: mark.revision, compacted: mark.compactedRevision,
        next: page.isCut ? page.revisions.last?.number : nil)
    }
  }

  package func differences(
    _ query: DifferenceQuery, at moment: Moment
  ) async throws(PDBError) -> Differences {
    let (from, to) = try await read(moment, .keys) { view, mark in
      (try view.number(of: query.from, mark.data), try view.number(of: query.to, mark.data))
    }
    let scan = DifferenceScan(from: from, to: to, prefix: query.prefix)
    // The newest state knows both.
    let changes = try await list(scan, at: .stale).of(revision: to)
    return Differences(from: from, to: to, changes: changes)
  }

  package func tags(at moment: Moment) async throws(PDBError) -> Read<[Tag]> {
    try await read(moment, .keys) { view, mark in
      Read(try view.tags(), revision: mark.revision)
    }
  }

  /// Where a stream of changes begins.
  ///
  /// - Throws: `revision_not_found` for a revision that is still to come.
  package func start(_ asked: UInt64?, _ moment: Moment) async throws(PDBError) -> UInt64 {
    let newest = try await read(moment, .keys) { $1.revision }
    guard let asked else { return newest }
    guard asked <= newest else {
      throw PDBError(
        .revisionNotFound, "there is no revision \(asked) yet", hint: "the newest is \(newest)",
        details: [.init("revision", JSON(newest))])
    }
    return asked
  }

  /// What the history knows after a revision.
  package func events(
    after since: UInt64, _ filter: HistoryFilter
  ) async throws(PDBError) -> [ChangeEvent] {
    try await read(.stale, .ranges) { view, mark in
      guard since < mark.revision else { return [.position(since)] }
      guard since >= mark.compactedRevision else {
        return [.reset(revision: mark.revision, compacted: mark.compactedRevision)]
      }
      var batch = EventBatch(filter)
      try view.scanHistory(from: since + 1, through: mark.revision, reversed: false) { record in
        batch.add(try view.shown(record))
        return !batch.isFull
      }
      return batch.all
    }
  }
}

/// Revisions as they are found, up to a number and to a bound in bytes.
private struct PageOfHistory {
  let limit: Int
  private(set) var revisions: [Revision] = []
  private var bytes = 0

  init(limit: Int) { self.limit = limit }

  var isCut: Bool { revisions.count == limit || bytes >= Limits.logPageBytes }

  /// Returns whether there was room; if not, there is more for another request.
  mutating func add(_ revision: Revision) -> Bool {
    guard revisions.count < limit, bytes < Limits.logPageBytes else { return false }
    revisions.append(revision.showing(first: Limits.logPageChanges))
    bytes += revision.byteCount
    return true
  }
}

extension HistoryView {
  /// A revision as callers see it.
  fileprivate func shown(_ record: RevisionRecord) throws -> Revision {
    Revision(RecordedRevision(record, try changes(of: record)))
  }
}

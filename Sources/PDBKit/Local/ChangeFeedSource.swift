// One stream of changes: from the feed, or from the history where it is behind.

package import PDBModel
package import PDBStore

/// Tells one listener what happens.
package struct ChangeFeedSource: BatchSource {
  private let listener: ChangeFeed.Listener
  private let filter: HistoryFilter
  private let history: @Sendable (UInt64) async throws(PDBError) -> [ChangeEvent]
  /// The last revision that was told, or passed over.
  private var last: UInt64
  /// Whether there is something to tell: in the beginning, where the listener is.
  private var isReady = true

  /// - Parameter history: reads the events after a revision, as many as fit into one batch.
  package init(
    _ feed: ChangeFeed, after revision: UInt64, _ filter: HistoryFilter,
    history: @escaping @Sendable (UInt64) async throws(PDBError) -> [ChangeEvent]
  ) {
    listener = feed.listen()
    self.filter = filter
    self.history = history
    last = revision
  }

  package mutating func wait() async {
    if !isReady { await listener.wait(after: last) }
    isReady = true
  }

  package mutating func next() async throws(PDBError) -> [ChangeEvent]? {
    await wait()
    if Task.isCancelled { throw .cancelled }
    isReady = false
    let next = listener.next(after: last)
    let events: [ChangeEvent]
    switch next {
    case .ended: return nil
    case .nothing: events = [.position(last)]
    case .behind: events = try await history(last)
    case .items(let items): events = tell(items)
    }
    last = events.last?.revision ?? last
    return events
  }

  private func tell(_ items: [ChangeFeed.Item]) -> [ChangeEvent] {
    var batch = EventBatch(filter)
    for item in items where !batch.isFull { batch.add(item.revision()) }
    return batch.all
  }
}

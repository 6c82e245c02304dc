// New revisions on their way to all listeners.
//
// What is applied passes here once. It is kept for a moment, so that every listener finds it
// without reading the state; a listener that is further behind reads the history until it meets
// what is kept.

package import PDBModel
package import PDBStore
import Synchronization

/// The newest revisions of one node, and the listeners that wait for the next.
package final class ChangeFeed: Sendable {
  /// A revision that is prepared once, by the first listener that wants it.
  package final class Item: Sendable {
    package let made: RecordedRevision
    private let shown = Mutex<Revision?>(nil)

    init(_ made: RecordedRevision) { self.made = made }

    /// The revision as listeners see it.
    package func revision() -> Revision {
      shown.withLock { shown in
        if let shown { return shown }
        let revision = Revision(made)
        shown = revision
        return revision
      }
    }
  }

  /// What there is after a revision.
  package enum Next: Sendable {
    /// All that is kept after it, in order.
    case items([Item])
    /// More than is kept.
    case behind
    case nothing
    /// The node stops.
    case ended
  }

  fileprivate struct State {
    /// Invariant: consecutive revisions, the last of which is `last`.
    var items: [Item] = []
    var bytes = 0
    var last: UInt64
    var listeners = 0
    var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var lastID: UInt64 = 0
    var isEnded = false

    mutating func takeWaiting() -> [CheckedContinuation<Void, Never>] {
      defer { waiting = [:] }
      return Array(waiting.values)
    }
  }

  fileprivate let state: Mutex<State>

  private static let keptItems = 4_096
  private static let keptBytes = 4 << 20

  /// - Parameter last: the newest revision there is.
  package init(last: UInt64) { state = Mutex(State(last: last)) }

  /// The newest revision that was told.
  package var last: UInt64 { state.withLock { $0.last } }

  /// Revisions that were applied, in order.
  package func publish(_ revisions: [RecordedRevision]) {
    guard let newest = revisions.last?.record.number else { return }
    wake { state in
      state.last = newest
      guard state.listeners > 0 else { return }
      for revision in revisions {
        state.items.append(Item(revision))
        state.bytes += Int(revision.record.byteCount)
      }
      if state.items.count > Self.keptItems || state.bytes > Self.keptBytes { state.trim() }
    }
  }

  /// The state was replaced by one that ends at this revision.
  package func reset(to revision: UInt64) {
    wake { state in
      state.forget()
      state.last = revision
    }
  }

  /// Lets all listeners that wait say where they are.
  package func pulse() { wake { _ in } }

  /// Nothing more will come.
  package func end() { wake { $0.isEnded = true } }

  private func wake(_ change: (inout State) -> Void) {
    let waiting = state.withLock { state in
      change(&state)
      return state.waiting.isEmpty ? [] : state.takeWaiting()
    }
    for listener in waiting { listener.resume() }
  }

  // MARK: Listening

  /// A listener; as long as it exists, revisions are kept.
  package final class Listener: Sendable {
    private let feed: ChangeFeed

    fileprivate init(_ feed: ChangeFeed) {
      self.feed = feed
      feed.state.withLock { $0.listeners += 1 }
    }

    deinit {
      feed.state.withLock { state in
        state.listeners -= 1
        if state.listeners == 0 { state.forget() }
      }
    }

    /// Waits for what comes after a revision, or for the next pulse.
    package func wait(after revision: UInt64) async { await feed.wait(after: revision) }

    /// What there is after a revision.
    package func next(after revision: UInt64) -> Next {
      feed.state.withLock { $0.next(after: revision) }
    }
  }

  package func listen() -> Listener { Listener(self) }

  private func wait(after revision: UInt64) async {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let mustWait = state.withLock { state in
          guard state.last <= revision, !state.isEnded, !Task.isCancelled else { return false }
          state.waiting[id] = continuation
          return true
        }
        if !mustWait { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
    }
  }
}

extension ChangeFeed.State {
  fileprivate func next(after revision: UInt64) -> ChangeFeed.Next {
    if isEnded { return .ended }
    guard revision < last else { return .nothing }
    guard let first = items.first?.made.record.number, first <= revision + 1 else { return .behind }
    return .items(Array(items[Int(revision + 1 - first)...]))
  }

  /// Keeps the newer half.
  fileprivate mutating func trim() {
    items.removeFirst(items.count - items.count / 2)
    bytes = items.reduce(0) { $0 + Int($1.made.record.byteCount) }
  }

  fileprivate mutating func forget() {
    items = []
    bytes = 0
  }
}

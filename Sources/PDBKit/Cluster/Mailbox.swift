// How one task hands work to another: a queue that is emptied at one go.

import Synchronization

/// A queue with many writers and one reader. The reader takes everything that waits, so work
/// that arrives together is done together.
final class Mailbox<Item: Sendable>: Sendable {
  private struct State {
    var items: [Item] = []
    var reader: CheckedContinuation<[Item]?, Never>?
    var isClosed = false
  }

  private let state = Mutex(State())

  /// Adds an item; false if the mailbox is closed or holds `limit` items already.
  @discardableResult
  func post(_ item: Item, limit: Int = .max) -> Bool {
    let (isTaken, reader) = state.withLock { state in
      guard !state.isClosed, state.items.count < limit else {
        return (false, nil as CheckedContinuation<[Item]?, Never>?)
      }
      guard let reader = state.reader else {
        state.items.append(item)
        return (true, nil)
      }
      state.reader = nil
      return (true, reader)
    }
    reader?.resume(returning: [item])
    return isTaken
  }

  /// Whether it takes no more items.
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// How many items wait.
  var count: Int { state.withLock { $0.items.count } }

  /// All items that wait, in order, at least one; `nil` once the mailbox is closed and empty,
  /// or the task is cancelled. Only one task may call this.
  func take() async -> [Item]? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let ready: [Item]?? = state.withLock { state in
          if !state.items.isEmpty {
            defer { state.items = [] }
            return .some(state.items)
          }
          if state.isClosed { return .some(nil) }
          precondition(state.reader == nil, "a mailbox has one reader")
          state.reader = continuation
          return nil
        }
        if let ready { continuation.resume(returning: ready) }
      }
    } onCancel: {
      close()
    }
  }

  /// Takes no more items, and gives up those that wait.
  func end() -> [Item] {
    close()
    return state.withLock { state in
      defer { state.items = [] }
      return state.items
    }
  }

  /// Takes no more items. Those that wait can still be taken.
  func close() {
    let reader = state.withLock { state in
      state.isClosed = true
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume(returning: nil)
  }
}

// Who wants to know when something has happened.

import Synchronization

/// Listeners that are woken together. One that is busy when it is woken is woken once more,
/// however often that was.
final class Audience: Sendable {
  private struct State {
    var listeners: [UInt64: AsyncStream<Void>.Continuation] = [:]
    var lastID: UInt64 = 0
    var isDismissed = false
  }

  private let state = Mutex(State())

  /// A stream that yields with every ``wake()`` from now on. It leaves when it is dropped.
  func join() -> AsyncStream<Void> {
    let (stream, listener) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let id = state.withLock { state -> UInt64? in
      guard !state.isDismissed else { return nil }
      state.lastID += 1
      state.listeners[state.lastID] = listener
      return state.lastID
    }
    guard let id else {
      listener.finish()
      return stream
    }
    listener.onTermination = { [self] _ in
      _ = state.withLock { $0.listeners.removeValue(forKey: id) }
    }
    return stream
  }

  func wake() {
    for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield() }
  }

  /// Nothing more will happen: all streams end.
  func dismiss() {
    let listeners = state.withLock { state in
      state.isDismissed = true
      return Array(state.listeners.values)
    }
    for listener in listeners { listener.finish() }
  }
}

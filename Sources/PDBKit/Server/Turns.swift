// One after the other.
//
// The event loop looks at its connections when none of its tasks can go on. Many long lists at once
// would leave no such moment, as one of them could always go on, and all other clients and the peers
// would wait for their end. As long as only one of them reads, there is one for each piece.

import NIOCore
import PDBModel
import PDBStore

/// Lets one task at a time go on, in the order in which they came. Used on one event loop.
final class Turns: Sendable {
  private struct State {
    var isTaken = false
    var waiters: [(id: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
    var lastID: UInt64 = 0
  }

  private let loop: any EventLoop
  private let state: NIOLoopBoundBox<State>

  init(on loop: any EventLoop) {
    self.loop = loop
    state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: loop)
  }

  /// Returns when it is this task's turn, until ``pass()``.
  ///
  /// - Throws: `interrupted`.
  func take() async throws {
    guard state.value.isTaken else { return state.value.isTaken = true }
    state.value.lastID += 1
    let id = state.value.lastID
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { state.value.waiters.append((id, $0)) }
    } onCancel: {
      // Later, so that it is among those that wait by then.
      loop.execute { self.abandon(id) }
    }
  }

  func pass() {
    guard !state.value.waiters.isEmpty else { return state.value.isTaken = false }
    state.value.waiters.removeFirst().continuation.resume()
  }

  private func abandon(_ id: UInt64) {
    guard let position = state.value.waiters.firstIndex(where: { $0.id == id }) else { return }
    state.value.waiters.remove(at: position).continuation.resume(throwing: PDBError.cancelled)
  }
}

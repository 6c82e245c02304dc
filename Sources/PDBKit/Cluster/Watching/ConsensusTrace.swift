// Tells those who watch how the cluster agrees. While nobody does, it costs the node one look at a flag.

package import PDBCoordinator
import PDBModel
import Raft
import Synchronization

/// Gathers what a node does, and tells it a few times a second.
package final class ConsensusTrace: Sendable {
  private struct Watching {
    var tally = MessageTally()
    var watchers: [Int: AsyncStream<ConsensusFrame>.Continuation] = [:]
    var nextWatcher = 0
    var isOver = false
  }

  private let isWatched = Atomic(false)
  private let wantsFrame = Atomic(false)
  private let watching = Mutex(Watching())
  private let begun: AsyncStream<Void>
  private let begin: AsyncStream<Void>.Continuation

  /// How often a watcher is told, and how many frames wait for one that is slow.
  private static let pause = Duration.milliseconds(200)
  private static let buffer = 8

  init() {
    (begun, begin) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  // MARK: What the node does

  func sent(_ envelopes: [Envelope]) {
    guard isWatched.load(ordering: .relaxed) else { return }
    watching.withLock { watching in for envelope in envelopes { watching.tally.note(envelope) } }
  }

  /// Tells the watchers, if it is time.
  func look(at coordinator: Coordinator) {
    guard wantsFrame.load(ordering: .relaxed) else { return }
    wantsFrame.store(false, ordering: .relaxed)
    watching.withLock { watching in
      let frame = ConsensusFrame(
        time: .now, address: coordinator.status.identity.address.description,
        observation: coordinator.observation, messages: watching.tally.take())
      for watcher in watching.watchers.values { watcher.yield(frame) }
    }
  }

  /// Keeps time until the task is cancelled.
  func run(_ sleep: (Duration) async throws -> Void) async throws {
    for await _ in begun {
      while isWatched.load(ordering: .relaxed) {
        wantsFrame.store(true, ordering: .relaxed)
        try await sleep(Self.pause)
      }
    }
  }

  // MARK: Watching

  /// Frames, until the caller stops to take them.
  package func frames() -> AsyncStream<ConsensusFrame> {
    let (frames, continuation) = AsyncStream.makeStream(
      of: ConsensusFrame.self, bufferingPolicy: .bufferingNewest(Self.buffer))
    let number: Int? = watching.withLock { watching in
      guard !watching.isOver else { return nil }
      watching.nextWatcher += 1
      watching.watchers[watching.nextWatcher] = continuation
      isWatched.store(true, ordering: .relaxed)
      return watching.nextWatcher
    }
    guard let number else {
      continuation.finish()
      return frames
    }
    continuation.onTermination = { [weak self] _ in self?.leave(number) }
    begin.yield()
    return frames
  }

  /// The node stops: nobody is told anything more.
  func end() {
    let watchers = watching.withLock { watching in
      watching.isOver = true
      return Array(watching.watchers.values)
    }
    for watcher in watchers { watcher.finish() }
  }

  private func leave(_ watcher: Int) {
    watching.withLock { watching in
      watching.watchers[watcher] = nil
      guard watching.watchers.isEmpty else { return }
      isWatched.store(false, ordering: .relaxed)
      _ = watching.tally.take()
    }
  }
}

// How much of all answers together a node holds in memory.
//
// What a client does not take stays here. So what may be large is made only when there is room for
// it, and a client that takes nothing for a while loses its connection when the room is needed. Answers
// that nobody expected to be large may take as much again and a half; beyond that nobody is spared.

import NIOCore
import PDBModel
import PDBStore

/// Room for answers that are being made, or wait to be written. Used on one event loop.
final class AnswerRoom: Sendable {
  /// What one connection holds. Used on its event loop.
  final class Holding {
    fileprivate let channel: any Channel
    fileprivate(set) var bytes = 0
    /// What the answer is one of, if it comes bit by bit.
    fileprivate var stream: OpenStreams?
    /// What waited in the channel when it was looked at last.
    private var unwritten = 0
    private var lastProgress: NIODeadline
    fileprivate(set) var isClosed = false

    fileprivate init(_ channel: any Channel) {
      self.channel = channel
      lastProgress = channel.eventLoop.now
    }

    fileprivate func set(_ bytes: Int) {
      self.bytes = bytes
      unwritten = channel.unwrittenBytes
      lastProgress = channel.eventLoop.now
    }

    fileprivate func close() { (stream, isClosed) = (nil, true) }

    /// For how long the client has taken nothing of what waits for it; zero if nothing waits.
    func silence() -> TimeAmount {
      guard !channel.isWritable else { return .zero }
      let now = (bytes: channel.unwrittenBytes, time: channel.eventLoop.now)
      if now.bytes < unwritten { (unwritten, lastProgress) = now }
      return now.time - lastProgress
    }
  }

  /// A connection's way to the room, for its tasks.
  struct Share: Sendable {
    fileprivate let room: AnswerRoom
    fileprivate let holding: NIOLoopBound<Holding>

    /// Waits until there is room.
    ///
    /// - Throws: `interrupted`.
    func take(_ bytes: Int) async throws { try await room.take(bytes, holding) }

    /// Holds nothing more.
    func give() { room.set(0, holding.value) }

    /// Notes what the answer is one of, until that is over (`nil`).
    func note(_ stream: OpenStreams?) { holding.value.stream = stream }

    /// Closes the stream of a kind whose client has taken nothing for the longest time.
    func dropDeafStream(of kind: OpenStreams) { room.dropDeafStream(of: kind) }
  }

  private struct Waiter {
    let id: UInt64
    let bytes: Int
    let holding: NIOLoopBound<Holding>
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var used = 0
    var holdings: [ObjectIdentifier: Holding] = [:]
    var waiters: [Waiter] = []
    var lastID: UInt64 = 0
    var isChecking = false
  }

  /// How many bytes there is room for.
  private let total: Int
  /// How many there may ever be.
  private var most: Int { total * 5 / 2 }
  private let loop: any EventLoop
  private let state: NIOLoopBoundBox<State>

  /// How long a client may take nothing while others need its room.
  private static let patience = TimeAmount.seconds(1)

  /// - Parameter loop: of all connections.
  init(_ total: Int, on loop: any EventLoop) {
    self.total = total
    self.loop = loop
    state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: loop)
  }

  /// How much of it is in use.
  var used: Int { state.value.used }

  func holding(for channel: any Channel) -> Holding { Holding(channel) }

  func share(of holding: Holding) -> Share {
    Share(room: self, holding: NIOLoopBound(holding, eventLoop: loop))
  }

  // MARK: Holding

  /// Notes what a connection holds now. Where that is too much, those go that have taken nothing
  /// for the longest time.
  func set(_ bytes: Int, _ holding: Holding) {
    let isMore = bytes > holding.bytes
    note(bytes, holding)
    while isMore, state.value.used > total,
      let deaf = longestSilent(where: {
        $0 !== holding && !$0.channel.isWritable
          && (state.value.used > most || $0.silence() >= Self.patience)
      })
    {
      drop(deaf)
    }
    admitWaiters()
  }

  private func note(_ bytes: Int, _ holding: Holding) {
    guard !holding.isClosed, bytes != 0 || holding.bytes != 0 else { return }
    state.value.used += bytes - holding.bytes
    holding.set(bytes)
    state.value.holdings[ObjectIdentifier(holding)] = bytes > 0 ? holding : nil
  }

  /// The connection is closed.
  func leave(_ holding: Holding) {
    note(0, holding)
    holding.close()
    admitWaiters()
  }

  private func dropDeafStream(of kind: OpenStreams) {
    let deaf = longestSilent { $0.stream === kind && $0.silence() >= Self.patience }
    if let deaf { drop(deaf) }
  }

  private func longestSilent(where isWanted: (Holding) -> Bool) -> Holding? {
    state.value.holdings.values.filter(isWanted).max { $0.silence() < $1.silence() }
  }

  private func drop(_ holding: Holding) {
    leave(holding)
    holding.channel.close(promise: nil)
  }

  // MARK: Waiting

  private func fits(_ bytes: Int) -> Bool {
    state.value.used == 0 || state.value.used + bytes <= total
  }

  private func take(_ bytes: Int, _ holding: NIOLoopBound<Holding>) async throws {
    if state.value.waiters.isEmpty, fits(bytes) { return note(bytes, holding.value) }
    state.value.lastID += 1
    let id = state.value.lastID
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        state.value.waiters.append(
          Waiter(id: id, bytes: bytes, holding: holding, continuation: continuation))
        checkLater()
      }
    } onCancel: {
      // Later, so that it is among those that wait by then.
      loop.execute { self.abandon(id) }
    }
  }

  private func abandon(_ id: UInt64) {
    guard let position = state.value.waiters.firstIndex(where: { $0.id == id }) else { return }
    state.value.waiters.remove(at: position).continuation.resume(throwing: PDBError.cancelled)
  }

  private func admitWaiters() {
    while let first = state.value.waiters.first, fits(first.bytes) {
      state.value.waiters.removeFirst()
      note(first.bytes, first.holding.value)
      first.continuation.resume()
    }
  }

  /// As long as some wait, those that take nothing make room.
  private func checkLater() {
    guard !state.value.isChecking else { return }
    state.value.isChecking = true
    loop.scheduleTask(in: Self.patience) {
      self.state.value.isChecking = false
      self.dropDeaf()
      if !self.state.value.waiters.isEmpty { self.checkLater() }
    }
  }

  private func dropDeaf() {
    while !state.value.waiters.isEmpty,
      let deaf = longestSilent(where: { $0.silence() >= Self.patience })
    {
      drop(deaf)
    }
  }
}

extension Channel {
  /// What was written to the channel and its client has not taken.
  fileprivate var unwrittenBytes: Int {
    (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }
}

extension AnswerRoom.Holding {
  /// What is in memory for a client that does not take it.
  ///
  /// - Parameters:
  ///   - last: what was written last: it stays whole until all of it is taken.
  ///   - retained: what is kept beside it.
  func waitingBytes(last: Int, beside retained: Int) -> Int {
    max(channel.unwrittenBytes, last) + retained
  }
}

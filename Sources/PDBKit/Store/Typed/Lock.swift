// Locks: one holder at a time, for as long as it lives.
//
//   lock/NAME    {"holder":"host:1234","since":"..."}, a key that ceases to be unless it is touched
//
// Who makes the key has the lock; the revision that made it is the fencing token. Tokens only grow, so what the
// lock protects can refuse who comes with an older one: a holder that was paused may believe that it holds
// the lock when another has it. (Kleppmann, "How to do distributed locking", 2016.)

public import PDBModel
import Synchronization

/// A lock that is held.
public struct HeldLock: Sendable {
  /// The lock's name.
  public let name: String
  /// The fencing token: greater than those of all holders before.
  public let token: UInt64
  /// For how long the lock is held without a sign of life.
  public let time: Duration
  /// Until when it is held for certain, by this machine's clock. It counts from before the last sign of
  /// life was sent, so the store's count ends later.
  public private(set) var end: ContinuousClock.Instant
  private let store: any Store

  /// The key that stands for a lock.
  public static func key(_ name: String) -> Bytes { LockKeys.prefix + Bytes(name.utf8) }

  /// The author of what is done to locks, so that nobody's undo means it.
  private static let origin = Origin(author: "pdb lock")

  private init(
    _ name: String, token: UInt64, time: Duration, end: ContinuousClock.Instant, store: any Store
  ) {
    self.name = name
    self.token = token
    self.time = time
    self.end = end
    self.store = store
  }

  // MARK: Taking it

  /// Takes a lock; waits while another has it.
  ///
  /// - Parameters:
  ///   - name: 1 to 512 bytes.
  ///   - store: keeps the lock.
  ///   - time: for how long it is held without a sign of life; see ``keep()``.
  ///   - holder: who holds it, for people who look.
  ///   - limit: until when to wait; `nil`: for ever.
  /// - Throws: `conflict` if another had it all the time; `bad_request` for a name or a time that will not do.
  public static func take(
    _ name: String, in store: any Store, for time: Duration = .seconds(15), holder: String = "",
    until limit: ContinuousClock.Instant? = nil
  ) async throws(PDBError) -> HeldLock {
    guard !name.isEmpty, name.utf8.count <= 512 else {
      throw PDBError(.badRequest, "the name of a lock is 1 to 512 bytes")
    }
    let key = Self.key(name)
    let value: JSON = [
      "holder": .string(holder), "since": .string(Timestamp.now.description),
    ]
    let pair = NewPair(key: key, value: value.serialized())
    while true {
      let before = ContinuousClock.now
      do throws(PDBError) {
        let receipt = try await store.apply(
          .setExpiring(pair, after: time, .absent, .spare), from: origin)
        guard let token = receipt.answer.pair?.revision else { throw PDBError.unexpected }
        return HeldLock(name, token: token, time: time, end: before + time, store: store)
      } catch  where error.code == .conflict {}
      try await wait(for: name, in: store, until: limit)
    }
  }

  /// Waits until a lock may be free.
  ///
  /// - Throws: `conflict` when the time is up.
  private static func wait(
    for name: String, in store: any Store, until limit: ContinuousClock.Instant?
  ) async throws(PDBError) {
    let found = try await store.get(key(name), at: .now)
    guard let pair = found.value else { return }
    let now = ContinuousClock.now
    if let limit, now >= limit { throw .held(name, pair) }
    // Its holder may die without a word; then it ends by itself.
    let pauses = [
      limit.map { now.duration(to: $0) }, pair.remaining.map { $0 + .milliseconds(20) },
      longestPause,
    ]
    let pause = pauses.compactMap { $0 }.min() ?? longestPause
    let changes = try await store.changes(
      since: found.revision, HistoryFilter(key: pair.key), at: .now)
    let isGone = await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        var iterator = changes.makeAsyncIterator()
        while let events = try? await iterator.next() {
          for case .change(let revision) in events
          where revision.changes.contains(where: { $0.after == nil }) { return true }
        }
        return false
      }
      group.addTask {
        try? await Task.sleep(for: pause)
        return false
      }
      let first = await group.next() ?? false
      group.cancelAll()
      return first
    }
    if Task.isCancelled { throw .cancelled }
    if !isGone, let limit, ContinuousClock.now >= limit { throw .held(name, pair) }
  }

  private static let longestPause = Duration.seconds(5)

  // MARK: Holding it

  /// When the next sign of life is to be given.
  public var nextSign: ContinuousClock.Instant { end - time / 3 * 2 }

  /// Gives a sign of life: from now on the lock is held for ``time`` again.
  ///
  /// - Throws: `conflict` or `key_not_found` if the lock is lost; anything else leaves that open until
  ///   ``end``.
  public mutating func keep() async throws(PDBError) {
    let before = ContinuousClock.now
    _ = try await store.apply(
      .touch(Self.key(name), after: time, .revision(token)), from: Self.origin)
    end = before + time
  }

  /// Gives the lock back. If it was lost already, or cannot be given back while it is held, nothing happens:
  /// it ends by itself.
  public func release() async {
    _ = await Self.finished(by: end) {
      _ = try? await store.apply(.delete([Self.key(name)], .revision(token)), from: Self.origin)
    }
  }

  /// Runs `body` until a point in time at most.
  ///
  /// - Returns: whether it came to its end.
  private static func finished(
    by end: ContinuousClock.Instant, _ body: @escaping @Sendable () async -> Void
  ) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        await body()
        return true
      }
      group.addTask {
        do { try await Task.sleep(until: end) } catch {}
        return false
      }
      defer { group.cancelAll() }
      return await group.next() ?? false
    }
  }

  /// Keeps the lock until it is lost, or until the task is cancelled.
  ///
  /// - Throws: `conflict` when it is lost.
  public mutating func keepUntilLost() async throws(PDBError) {
    while true {
      do { try await Task.sleep(until: nextSign) } catch { throw .cancelled }
      while true {
        // However long a request may take, the lock is held no longer than it is.
        let attempt = self
        let answer = Mutex<Result<HeldLock, PDBError>?>(nil)
        _ = await Self.finished(by: end) {
          var kept = attempt
          let result: Result<HeldLock, PDBError>
          do throws(PDBError) {
            try await kept.keep()
            result = .success(kept)
          } catch { result = .failure(error) }
          answer.withLock { $0 = result }
        }
        guard !Task.isCancelled else { throw .cancelled }
        switch answer.withLock({ $0 }) {
        case .success(let kept):
          self = kept
        case .failure(let error):
          let isLost = error.code == .conflict || error.code == .keyNotFound
          guard !isLost, ContinuousClock.now < end else { throw lost(error) }
          do { try await Task.sleep(for: .milliseconds(50)) } catch { throw .cancelled }
          continue
        case nil:
          throw lost(PDBError(.timedOut, "no sign of life has got through in time"))
        }
        break
      }
    }
  }

  private func lost(_ reason: PDBError) -> PDBError {
    PDBError(
      .conflict, "the lock '\(name)' is lost: \(reason.message)",
      hint: "another may hold it now; its token is greater than \(token)")
  }
}

extension PDBError {
  /// Another has the lock.
  fileprivate static func held(_ name: String, _ pair: Pair) -> PDBError {
    let value = JSON(objectIn: pair.value)
    let holder = value?["holder"]?.string.map { $0.isEmpty ? "another" : "'\($0)'" } ?? "another"
    let message =
      value?["since"]?.string.map { "the lock '\(name)' is held by \(holder) since \($0)" }
      ?? "the lock '\(name)' is held by \(holder)"
    return PDBError(
      .conflict, message.escapingControlCharacters,
      hint: "wait longer, or look at the key 'lock/\(name)'",
      details: [.init("revision", JSON(pair.revision))])
  }
}

extension Database {
  /// Runs `body` while this program holds a lock.
  ///
  /// ```swift
  /// try await db.withLock("report") { token in try await writeReport(fencedBy: token) }
  /// ```
  ///
  /// - Parameters:
  ///   - name: the lock's name.
  ///   - time: for how long it is held without a sign of life, which is given three times as often.
  ///   - limit: how long to wait for it; `nil`: for ever.
  ///   - body: gets the fencing token. It is cancelled if the lock is lost.
  /// - Throws: `conflict` if the lock could not be had, or was lost; what `body` throws.
  public func withLock<Result: Sendable>(
    _ name: String, for time: Duration = .seconds(15), waitingFor limit: Duration? = nil,
    _ body: @escaping @Sendable (_ token: UInt64) async throws -> Result
  ) async throws -> Result {
    let end = limit.map { ContinuousClock.now + $0 }
    let lock = try await HeldLock.take(name, in: store, for: time, until: end)
    do {
      let result = try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body(lock.token) }
        group.addTask {
          var kept = lock
          try await kept.keepUntilLost()
          return nil
        }
        defer { group.cancelAll() }
        // The one ends with a result, the other only by losing the lock.
        return try await group.next()!!
      }
      await lock.release()
      return result
    } catch {
      await lock.release()
      throw error
    }
  }
}

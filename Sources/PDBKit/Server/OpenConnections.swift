// All connections of one node, so that idle ones do not keep others out.
//
// Up to a bound every connection is welcome. Beyond it, the client address that has most of them
// loses one that is idle: first those that never asked anything, then the one that has been idle
// longest. Where none is idle, what comes is served only if it is a probe or a peer.

import Logging
import NIOCore
import Synchronization

/// Counts connections, and closes idle ones when there are too many.
final class OpenConnections: Sendable {
  /// The place of one connection among the open ones. Used on its event loop alone.
  final class Slot {
    fileprivate let channel: any Channel
    /// The client's.
    let address: String
    fileprivate let openedAt = NIODeadline.now()
    /// What answers its requests, once it is known to be a client's and as long as it is open. Not
    /// weak: that would make each use of the connection, several for a request, slower.
    fileprivate(set) var http: HTTPConnection?
    /// Another node's; such a connection is never closed for another.
    var isPeer = false
    /// Whether it was opened beyond the soft limit, and there has been no room since.
    fileprivate(set) var isOverLimit = false

    fileprivate init(_ channel: any Channel) {
      self.channel = channel
      address = channel.remoteAddress?.ipAddress ?? ""
    }

    fileprivate var isIdle: Bool { !isPeer && http?.isIdle != false }
    fileprivate var isUnused: Bool { http?.hasAnswered != true }
    fileprivate var lastActive: NIODeadline { http?.lastActive ?? openedAt }
  }

  private struct State {
    var slots: [ObjectIdentifier: Slot] = [:]
    var lastWarning: NIODeadline?
  }

  /// How many connections there may be before idle ones are closed.
  let softLimit: Int
  private let state: NIOLoopBoundBox<State>
  private let logger: Logger
  private let total = Atomic(0)

  /// - Parameter loop: of all connections.
  init(softLimit: Int, on loop: any EventLoop, logger: Logger) {
    self.softLimit = softLimit
    self.logger = logger
    state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: loop)
  }

  /// How many there are.
  var count: Int { total.load(ordering: .relaxed) }

  /// Takes a connection in, on its event loop.
  func admit(_ channel: any Channel) -> Slot {
    let slot = Slot(channel)
    state.value.slots[ObjectIdentifier(slot)] = slot
    total.add(1, ordering: .relaxed)
    let slotOnLoop = NIOLoopBound(slot, eventLoop: channel.eventLoop)
    channel.closeFuture.whenComplete { _ in self.release(slotOnLoop.value) }
    if state.value.slots.count > softLimit { evictIdle(for: slot) }
    return slot
  }

  /// Notes that a connection turned out to be a client's.
  func attach(_ http: HTTPConnection, to slot: Slot) {
    if state.value.slots[ObjectIdentifier(slot)] != nil { slot.http = http }
  }

  /// Whether a connection is within the soft limit by now, and may be used like any other.
  func isWithinLimit(_ slot: Slot) -> Bool {
    if slot.isOverLimit && state.value.slots.count <= softLimit { slot.isOverLimit = false }
    return !slot.isOverLimit
  }

  /// Counts a connection no more.
  private func release(_ slot: Slot) {
    slot.http = nil
    guard state.value.slots.removeValue(forKey: ObjectIdentifier(slot)) != nil else { return }
    total.subtract(1, ordering: .relaxed)
  }

  /// Closes an idle connection in favour of a new one; where there is none, the new one is marked.
  private func evictIdle(for slot: Slot) {
    let slots = state.value.slots.values
    let counts = slots.reduce(into: [String: Int]()) { $0[$1.address, default: 0] += 1 }
    let idle = slots.lazy.filter { $0 !== slot && $0.isIdle }
    let victim = idle.max { left, right in
      let (most, more) = (counts[left.address]!, counts[right.address]!)
      if most != more { return most < more }
      if left.isUnused != right.isUnused { return right.isUnused }
      return left.lastActive > right.lastActive
    }
    warnOnceAMinute(counts)
    guard let victim else {
      slot.isOverLimit = true
      return
    }
    release(victim)
    victim.channel.close(promise: nil)
  }

  private func warnOnceAMinute(_ counts: [String: Int]) {
    let now = NIODeadline.now()
    if let last = state.value.lastWarning, now - last < .seconds(60) { return }
    state.value.lastWarning = now
    let most = counts.max { $0.value < $1.value }
    logger.warning(
      "\(softLimit) connections, the most this node takes: closing idle ones",
      metadata: ["address": "\(most?.key ?? "")", "has": "\(most?.value ?? 0)"])
  }
}

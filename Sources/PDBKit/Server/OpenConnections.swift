// All connections of one node, so that strangers neither keep others out nor fill the memory.
//
// Up to a bound every connection is welcome. Beyond it some make room: those of the client address
// that has most of them, in the order of ``OpenConnections/Use``, those first that have done nothing
// for the longest time. Where none can go, what comes is served only if it is a peer, a probe or an
// administrator. A peer that has proved itself always stays.
//
// What has come of requests and is not answered yet has one bound for all connections together.

import Logging
import NIOCore
import PDBModel
import Synchronization

/// Counts connections and what their requests hold, and closes some when there is too much.
final class OpenConnections: Sendable {
  /// How much it matters that a connection stays; those with the lowest go first.
  enum Use: Int, Comparable {
    /// It never asked anything, or is no peer yet.
    case none
    /// It asked before, and does not now.
    case idle
    /// A part of a request has come.
    case asking
    /// An answer waits for its client to take it.
    case deaf
    /// An answer is being made, or it is a peer's: it stays.
    case busy

    static func < (left: Use, right: Use) -> Bool { left.rawValue < right.rawValue }
  }

  /// The place of one connection among the open ones. Used on its event loop alone.
  final class Slot {
    fileprivate let channel: any Channel
    /// The client's.
    let address: String
    /// Where the client connected to, if that was on this machine.
    let ownAddress: NodeAddress?
    fileprivate let openedAt: NIODeadline
    /// What answers its requests, once it is known to be a client's and as long as it is open. Not
    /// weak: that would make each use of the connection, several for a request, slower.
    fileprivate(set) var http: (any ClientConnection)?
    /// Another node's that has proved itself.
    var isPeer = false
    /// Whether it was opened beyond the soft limit, and there has been no room since.
    fileprivate(set) var isOverLimit = false
    /// What has come of its requests and is not answered yet.
    fileprivate(set) var requestBytes = 0
    fileprivate var isReleased = false

    fileprivate init(_ channel: any Channel) {
      self.channel = channel
      address = channel.remoteAddress?.ipAddress ?? ""
      ownAddress = channel.localAddress.flatMap { NodeAddress($0) }.flatMap {
        $0.isLoopback ? $0 : nil
      }
      openedAt = channel.eventLoop.now
    }

    fileprivate var use: Use { isPeer ? .busy : http?.use ?? .none }
    fileprivate var lastActive: NIODeadline { http?.lastActive ?? openedAt }
  }

  private struct State {
    var slots: [ObjectIdentifier: Slot] = [:]
    var requestBytes = 0
    var lastWarning: NIODeadline?
  }

  /// How many connections there may be before some are closed.
  let softLimit: Int
  /// How many bytes of requests there may be.
  private let requestLimit: Int
  private let state: NIOLoopBoundBox<State>
  private let logger: Logger
  /// Of all connections.
  let loop: any EventLoop
  private let total = Atomic(0)

  init(
    softLimit: Int, requestLimit: Int = Limits.requestBytes, on loop: any EventLoop, logger: Logger
  ) {
    self.softLimit = softLimit
    self.requestLimit = requestLimit
    self.logger = logger
    self.loop = loop
    state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: loop)
  }

  /// What has come of all their requests and is not answered yet; known on their loop.
  var requestBytes: Int { state.value.requestBytes }

  /// How many there are.
  var count: Int { total.load(ordering: .relaxed) }

  /// Takes a connection in, on its event loop.
  func admit(_ channel: any Channel) -> Slot {
    let slot = Slot(channel)
    state.value.slots[ObjectIdentifier(slot)] = slot
    total.add(1, ordering: .relaxed)
    let slotOnLoop = NIOLoopBound(slot, eventLoop: channel.eventLoop)
    channel.closeFuture.whenComplete { _ in self.release(slotOnLoop.value) }
    if state.value.slots.count > softLimit { makeRoom(for: slot) }
    return slot
  }

  /// Notes that a connection turned out to be a client's.
  func attach(_ http: any ClientConnection, to slot: Slot) {
    if !slot.isReleased { slot.http = http }
  }

  /// Whether a connection is within the soft limit by now, and may be used like any other.
  func isWithinLimit(_ slot: Slot) -> Bool {
    if slot.isOverLimit && state.value.slots.count <= softLimit { slot.isOverLimit = false }
    return !slot.isOverLimit
  }

  /// Counts a connection no more. What its requests hold is counted until it is let go.
  private func release(_ slot: Slot) {
    slot.http = nil
    guard !slot.isReleased else { return }
    slot.isReleased = true
    state.value.slots[ObjectIdentifier(slot)] = nil
    total.subtract(1, ordering: .relaxed)
  }

  // MARK: Too many

  /// How many are closed at once: to look through all of them for each that comes would take longer
  /// than to come.
  private var closedAtOnce: Int { max(1, softLimit / 128) }

  /// Closes what matters least in favour of a new connection; where there is nothing, the new one is
  /// marked.
  private func makeRoom(for slot: Slot) {
    let slots = state.value.slots.values
    let counts = slots.reduce(into: [String: Int]()) { $0[$1.address, default: 0] += 1 }
    warnOnceAMinute(counts)
    let candidates = slots.compactMap { other -> Candidate? in
      let use = other.use
      return other === slot || use == .busy ? nil : Candidate(other, counts[other.address]!, use)
    }
    guard !candidates.isEmpty else {
      slot.isOverLimit = true
      return
    }
    let excess = state.value.slots.count - softLimit
    for candidate in candidates.sorted().prefix(max(excess, closedAtOnce)) { close(candidate.slot) }
  }

  /// A connection that may go, in the order in which they do.
  private struct Candidate: Comparable {
    let slot: Slot
    let sameAddress: Int
    let use: Use
    let lastActive: NIODeadline

    init(_ slot: Slot, _ sameAddress: Int, _ use: Use) {
      (self.slot, self.sameAddress, self.use) = (slot, sameAddress, use)
      lastActive = slot.lastActive
    }

    static func < (left: Self, right: Self) -> Bool {
      if left.sameAddress != right.sameAddress { return left.sameAddress > right.sameAddress }
      if left.use != right.use { return left.use < right.use }
      return left.lastActive < right.lastActive
    }

    static func == (left: Self, right: Self) -> Bool { left.slot === right.slot }
  }

  private func close(_ slot: Slot) {
    release(slot)
    slot.channel.close(promise: nil)
  }

  private func warnOnceAMinute(_ counts: [String: Int]) {
    let now = loop.now
    if let last = state.value.lastWarning, now - last < .seconds(60) { return }
    state.value.lastWarning = now
    let most = counts.max { $0.value < $1.value }
    logger.warning(
      "\(softLimit) connections, the most this node takes: closing idle ones",
      metadata: ["address": "\(most?.key ?? "")", "has": "\(most?.value ?? 0)"])
  }

  // MARK: Bytes of requests

  /// Notes what a connection's requests hold now. Where that is too much, the requests that began
  /// first among those that have not come to their end are refused.
  ///
  /// - Returns: whether there is room; if not, the connection holds what it held before.
  func hold(_ bytes: Int, _ slot: Slot) -> Bool {
    let growth = bytes - slot.requestBytes
    while growth > 0, state.value.requestBytes + growth > requestLimit {
      guard let oldest = oldestUnfinished(), oldest !== slot else { return false }
      let before = oldest.requestBytes
      oldest.http?.refuseUnfinished()
      guard oldest.requestBytes < before else { return false }
    }
    state.value.requestBytes += growth
    slot.requestBytes = bytes
    return true
  }

  private func oldestUnfinished() -> Slot? {
    state.value.slots.values.lazy.filter { $0.requestBytes > 0 && $0.http?.holdsUnfinished == true }
      .min { $0.lastActive < $1.lastActive }
  }
}

/// What answers the requests of one connection, as ``OpenConnections`` sees it.
protocol ClientConnection: AnyObject {
  var use: OpenConnections.Use { get }
  var lastActive: NIODeadline { get }
  /// Whether it holds bytes of requests that are not being answered.
  var holdsUnfinished: Bool { get }
  /// Lets go of them.
  func refuseUnfinished()
}

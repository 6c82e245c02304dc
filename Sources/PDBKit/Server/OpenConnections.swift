// All connections of one node, so that idle ones do not keep others out.
//
// Up to a bound every connection is welcome. Beyond it, the client address that has most of them
// loses one that is idle: first those that never asked anything, then the one that has been idle
// longest. Where none is idle, what comes is served only if it is a probe or a peer.

import Logging
import NIOCore
import PDBCluster
import PDBModel
import PDBStore
import Synchronization

/// Counts connections, and closes idle ones when there are too many.
final class OpenConnections: Sendable {
  /// One connection. Used on its event loop alone.
  final class Seat {
    fileprivate let channel: any Channel
    fileprivate let address: String
    fileprivate let begun = NIODeadline.now()
    /// What answers its requests, once it is known to be a client's and as long as it is open. Not
    /// weak: that would make each use of the connection, several for a request, slower.
    fileprivate(set) var http: HTTPConnection?
    /// Another node's; such a connection is never closed for another.
    var isPeer = false
    /// Came when there was no room.
    fileprivate(set) var isExtra = false

    fileprivate init(_ channel: any Channel) {
      self.channel = channel
      address = channel.remoteAddress?.ipAddress ?? ""
    }

    fileprivate var isIdle: Bool { !isPeer && http?.isIdle != false }
    fileprivate var isUnused: Bool { http?.hasAnswered != true }
    fileprivate var lastActive: NIODeadline { http?.lastActive ?? begun }
  }

  private struct State {
    var seats: [ObjectIdentifier: Seat] = [:]
    var lastWarning: NIODeadline?
  }

  /// How many connections there may be before some have to give way.
  let bound: Int
  private let state: NIOLoopBoundBox<State>
  private let logger: Logger
  private let total = Atomic(0)

  /// - Parameter loop: of all connections.
  init(bound: Int, on loop: any EventLoop, logger: Logger) {
    self.bound = bound
    self.logger = logger
    state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: loop)
  }

  /// How many there are.
  var count: Int { total.load(ordering: .relaxed) }

  /// Takes a connection in, on its event loop.
  func admit(_ channel: any Channel) -> Seat {
    let seat = Seat(channel)
    state.value.seats[ObjectIdentifier(seat)] = seat
    total.add(1, ordering: .relaxed)
    let bound = NIOLoopBound(seat, eventLoop: channel.eventLoop)
    channel.closeFuture.whenComplete { _ in self.leave(bound.value) }
    if state.value.seats.count > self.bound { makeRoom(for: seat) }
    return seat
  }

  /// A connection turned out to be a client's.
  func serve(_ http: HTTPConnection, at seat: Seat) {
    if state.value.seats[ObjectIdentifier(seat)] != nil { seat.http = http }
  }

  /// Whether a connection that came when there was no room may be used like any other.
  func hasRoom(for seat: Seat) -> Bool {
    if seat.isExtra && state.value.seats.count <= bound { seat.isExtra = false }
    return !seat.isExtra
  }

  private func leave(_ seat: Seat) {
    seat.http = nil
    guard state.value.seats.removeValue(forKey: ObjectIdentifier(seat)) != nil else { return }
    total.subtract(1, ordering: .relaxed)
  }

  private func makeRoom(for seat: Seat) {
    let seats = state.value.seats.values
    let counts = seats.reduce(into: [String: Int]()) { $0[$1.address, default: 0] += 1 }
    let idle = seats.lazy.filter { $0 !== seat && $0.isIdle }
    let victim = idle.max { left, right in
      let (most, more) = (counts[left.address]!, counts[right.address]!)
      if most != more { return most < more }
      if left.isUnused != right.isUnused { return right.isUnused }
      return left.lastActive > right.lastActive
    }
    warn(counts)
    guard let victim else {
      seat.isExtra = true
      return
    }
    leave(victim)
    victim.channel.close(promise: nil)
  }

  /// Told once a minute.
  private func warn(_ counts: [String: Int]) {
    let now = NIODeadline.now()
    if let last = state.value.lastWarning, now - last < .seconds(60) { return }
    state.value.lastWarning = now
    let most = counts.max { $0.value < $1.value }
    logger.warning(
      "\(bound) connections, the most this node takes: closing idle ones",
      metadata: ["address": "\(most?.key ?? "")", "has": "\(most?.value ?? 0)"])
  }
}

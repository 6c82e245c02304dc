// The links between nodes: which of them work, and how long a message takes.

import Raft

/// Directed links between nodes, each kept in order unless chance says otherwise.
struct SimulatedNetwork {
  /// More nodes than any seed ever starts.
  static let capacity = 24

  private var cuts = [Bool](repeating: false, count: capacity * capacity)
  private var lags = [Time](repeating: 0, count: capacity * capacity)
  private var lastArrivals = [Time](repeating: 0, count: capacity * capacity)

  private func position(_ from: NodeID, _ to: NodeID) -> Int {
    Int(from - 1) * Self.capacity + Int(to - 1)
  }

  func isCut(from: NodeID, to: NodeID) -> Bool { cuts[position(from, to)] }

  mutating func cut(from: NodeID, to: NodeID) { cuts[position(from, to)] = true }

  mutating func cutBoth(_ one: NodeID, _ other: NodeID) {
    cut(from: one, to: other)
    cut(from: other, to: one)
  }

  /// Messages on this link take so much longer from now on.
  mutating func slow(from: NodeID, to: NodeID, by lag: Time) { lags[position(from, to)] = lag }

  mutating func heal() {
    for position in cuts.indices {
      cuts[position] = false
      lags[position] = 0
    }
  }

  /// When a message sent now arrives: not before the one sent last, unless it may overtake.
  mutating func arrival(
    from: NodeID, to: NodeID, now: Time, delay: Time, mayOvertake: Bool
  ) -> Time {
    let position = position(from, to)
    if mayOvertake { return now + delay }
    let time = max(now + delay + lags[position], lastArrivals[position])
    lastArrivals[position] = time
    return time
  }
}

/// The shapes of partitions that have broken real systems.
enum Partition: CaseIterable {
  case isolation, halves, bridge, ring, oneWay
}

extension Partition {
  var situation: Situation {
    switch self {
    case .isolation: .isolation
    case .halves: .halves
    case .bridge: .bridge
    case .ring: .ring
    case .oneWay: .oneWay
    }
  }

  /// Cuts the links between these nodes.
  ///
  /// - Parameter victim: the node that an isolation or a one-way partition hits.
  func cut(
    _ network: inout SimulatedNetwork, among ids: [NodeID], victim: NodeID, _ dice: inout Dice
  ) {
    let order = dice.shuffled(ids)
    switch self {
    case .isolation:
      for id in ids where id != victim { network.cutBoth(id, victim) }
    case .halves, .bridge:
      // The bridge, last of all, hears both sides.
      let count = self == .bridge ? order.count - 1 : order.count
      let half = count / 2
      for left in order[..<half] {
        for right in order[half..<count] { network.cutBoth(left, right) }
      }
    case .ring:
      // Every node hears its two neighbours alone.
      for (position, id) in order.enumerated() {
        for distance in 2..<max(2, order.count - 1) {
          network.cut(from: id, to: order[(position + distance) % order.count])
        }
      }
    case .oneWay:
      let isDeaf = dice.chance(500)
      for id in ids where id != victim && dice.chance(800) {
        if isDeaf {
          network.cut(from: id, to: victim)
        } else {
          network.cut(from: victim, to: id)
        }
      }
    }
  }
}

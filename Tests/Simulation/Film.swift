// A simulated life as pictures: what each node looks like, tick by tick, and what is sent. The frames of nodes are
// those that real nodes report (`ConsensusFrame`), so the same drawing shows both.

import PDBCoordinator
package import PDBModel
import Raft

/// Takes down what is sent and what happens between two pictures.
struct Camera {
  var tallies: [NodeID: MessageTally] = [:]
  /// Messages that do not arrive, as the sender and the receiver.
  var lost: Set<[NodeID]> = []
  var notes: [String] = []
}

/// What came of recording a life.
package struct Film: Sendable {
  /// One a tick, of ten simulated milliseconds: `{tick, nodes, cuts, lost, notes}`.
  package let frames: [JSON]
  package let report: Report

  package var json: JSON {
    let violation: JSON =
      report.violation.map {
        ["rule": .string($0.rule.rawValue), "detail": .string($0.detail)]
      } ?? .null
    return [
      "seed": JSON(report.seed), "violation": violation, "entries": JSON(report.entries),
      "operations": JSON(report.operations), "frames": .array(frames),
    ]
  }
}

extension Simulation {
  /// Runs to the end, or to the first broken promise, and takes a picture with every tick.
  ///
  /// - Parameters:
  ///   - orders: what else happens, in the order of time.
  ///   - most: how many ticks are recorded; what comes later is not.
  package func record(_ orders: [Order] = [], most: Int = 1500) -> Film {
    camera = Camera()
    var orders = orders[...]
    var frames: [JSON] = []
    var next = Schedule<Happening>.tick
    let report = run { time in
      while next <= time, frames.count < most {
        while let order = orders.first, order.tick <= frames.count {
          orders.removeFirst()
          try self.obey(order)
        }
        frames.append(self.picture(frames.count))
        next += Schedule<Happening>.tick
      }
      if frames.count >= most { self.isOver = true }
    }
    // The moment at which a promise was broken is the last one.
    if report.violation != nil, frames.count < most { frames.append(picture(frames.count)) }
    return Film(frames: frames, report: report)
  }

  private func picture(_ tick: Int) -> JSON {
    let nodes = nodes.map { node -> JSON in
      let address = JSON.string(node.address)
      guard node.isAlive else { return ["node": .string(node.id.text), "address": address] }
      let frame = ConsensusFrame(
        time: Timestamp(milliseconds: Int64(tick * Tick.milliseconds)), address: node.address,
        observation: node.coordinator.observation,
        messages: camera?.tallies[node.id]?.take() ?? [])
      let isPaused = JSON.bool(node.pausedUntil > now)
      return .object(
        (frame.json.members ?? []) + [
          .init("paused", isPaused), .init("disk_full", .bool(node.isDiskFull)),
        ])
    }
    let ids = self.nodes.map(\.id)
    let cuts = ids.flatMap { from in
      ids.filter { $0 != from && network.isCut(from: from, to: $0) }.map { [from, $0] }
    }
    func pairs(_ pairs: [[NodeID]]) -> JSON {
      .array(pairs.map { .array($0.map { .string($0.text) }) })
    }
    defer {
      camera?.notes = []
      camera?.lost = []
    }
    return [
      "tick": JSON(tick), "nodes": .array(nodes), "cuts": pairs(cuts),
      "lost": pairs((camera?.lost ?? []).sorted { ($0[0], $0[1]) < ($1[0], $1[1]) }),
      "notes": .array((camera?.notes ?? []).map { .string($0) }),
    ]
  }
}

/// Something that shall happen at a tick, whatever the seed says.
package struct Order: Equatable, Sendable {
  /// What.
  package enum Kind: Equatable, Sendable {
    case crash(UInt64)
    case start(UInt64)
    case pause(UInt64, ticks: UInt64)
    case cut(UInt64, UInt64)
    case heal
  }

  package let tick: Int
  package let kind: Kind

  /// Reads `TICK:crash:1`, `TICK:start:1`, `TICK:pause:1:50`, `TICK:cut:1:2`, `TICK:heal`, several of them
  /// with commas between; sorted by time.
  ///
  /// - Returns: `nil` for what is none of these.
  package static func list(_ text: String) -> [Order]? {
    var orders: [Order] = []
    for part in text.split(separator: ",") {
      guard let order = Order(part) else { return nil }
      orders.append(order)
    }
    return orders.sorted { $0.tick < $1.tick }
  }

  private init?(_ text: Substring) {
    let words = text.split(separator: ":", omittingEmptySubsequences: false)
    guard words.count >= 2, let tick = Int(words[0]), tick >= 0 else { return nil }
    let numbers = words.dropFirst(2).compactMap { UInt64($0) }
    guard numbers.count == words.count - 2 else { return nil }
    self.tick = tick
    switch (words[1], numbers.count) {
    case ("crash", 1): kind = .crash(numbers[0])
    case ("start", 1): kind = .start(numbers[0])
    case ("pause", 2): kind = .pause(numbers[0], ticks: numbers[1])
    case ("cut", 2): kind = .cut(numbers[0], numbers[1])
    case ("heal", 0): kind = .heal
    default: return nil
    }
  }
}

extension Simulation {
  /// Nodes that there are not, or that are dead or alive already, are passed over.
  private func obey(_ order: Order) throws {
    guard recovery == nil else { return }
    func node(_ id: UInt64) -> SimulatedNode? {
      id >= 1 && id <= UInt64(nodes.count) ? self[id] : nil
    }
    switch order.kind {
    case .crash(let id):
      if let node = node(id), node.isAlive { try crash(node, losesPower: false) }
    case .start(let id):
      if let node = node(id), !node.isAlive { try restart(node) }
    case .pause(let id, let ticks):
      node(id)?.pausedUntil = now + min(ticks, 10_000) * Schedule<Happening>.tick
    case .cut(let one, let other):
      if one != other, node(one) != nil, node(other) != nil { network.cutBoth(one, other) }
    case .heal: network.heal()
    }
  }
}

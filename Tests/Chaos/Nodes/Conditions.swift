// What is wrong with the world, as a value.

/// The way a process is ended.
enum Ending: Sendable {
  case killed
  case terminated
}

/// A direction between two nodes, or between a node and the clients.
struct Edge: Hashable, Sendable {
  /// Where the clients are.
  static let clients = -1

  let from: Int
  let to: Int
}

/// Everything that is wrong at one time. Each fault contributes its part; what the world is to
/// be like is the union of all parts, so faults can overlap in any way and end in any order.
struct Conditions: Sendable, Equatable {
  var down: [Int: Ending] = [:]
  var paused: Set<Int> = []
  /// Packets in these directions vanish without a trace.
  var cut: Set<Edge> = []
  /// Of 100 packets to a node, how many are lost.
  var lossPercent: [Int: Int] = [:]
  var slowLinks: Set<Int> = []
  var fullDisks: Set<Int> = []
  var failingDisks: Set<Int> = []
  var syncDelay: [Int: Duration] = [:]
  var clockOffset: [Int: Duration] = [:]

  mutating func merge(_ other: Conditions) {
    down.merge(other.down) { first, _ in first }
    paused.formUnion(other.paused)
    cut.formUnion(other.cut)
    lossPercent.merge(other.lossPercent, uniquingKeysWith: max)
    slowLinks.formUnion(other.slowLinks)
    fullDisks.formUnion(other.fullDisks)
    failingDisks.formUnion(other.failingDisks)
    syncDelay.merge(other.syncDelay, uniquingKeysWith: max)
    clockOffset.merge(other.clockOffset, uniquingKeysWith: +)
  }

  /// Nodes whose process may end by itself, because its disk is bad.
  var hurtDisks: Set<Int> { fullDisks.union(failingDisks) }
}

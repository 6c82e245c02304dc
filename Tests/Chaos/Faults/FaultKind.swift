// The faults there are, and what each does to the world.

/// One way to torment a cluster.
enum FaultKind: String, CaseIterable, Sendable {
  case killOne = "kill-one"
  case killLeader = "kill-leader"
  case killMajority = "kill-majority"
  case killAll = "kill-all"
  case terminateOne = "terminate-one"
  case pauseOne = "pause-one"
  case pauseLeader = "pause-leader"
  case pauseMajority = "pause-majority"
  case isolateOne = "isolate-one"
  case isolateLeader = "isolate-leader"
  case halves
  case oneWay = "one-way"
  case muteLeader = "mute-leader"
  case bridge
  case ring
  case deafClients = "deaf-clients"
  case loss
  case slowLink = "slow-link"
  case fullDiskOne = "full-disk-one"
  case fullDiskLeader = "full-disk-leader"
  case fullDiskAll = "full-disk-all"
  case failingDisk = "failing-disk"
  case slowDisk = "slow-disk"
  case clockJump = "clock-jump"
  case corruptFile = "corrupt-file"
  case transfer
  case replaceNode = "replace-node"
  case rollback
  case flood
  case hostilePeers = "hostile-peers"

  /// Whether it is a sequence of steps with a node of its own, instead of a condition that
  /// comes and goes.
  var isProcedure: Bool {
    [.corruptFile, .transfer, .replaceNode, .rollback].contains(self)
  }

  /// Whether it needs nothing of how nodes keep their data.
  var isForeignToFiles: Bool {
    switch self {
    case .fullDiskOne, .fullDiskLeader, .fullDiskAll, .failingDisk, .slowDisk, .corruptFile,
      .transfer, .replaceNode, .rollback, .hostilePeers:
      false
    default: true
    }
  }

  /// How often it is drawn compared to others.
  var weight: Int {
    switch self {
    case .killLeader, .isolateLeader: 3
    case .killOne, .pauseLeader, .halves, .oneWay, .deafClients, .killAll, .replaceNode,
      .rollback:
      2
    default: 1
    }
  }
}

/// Which nodes a fault hits. They are drawn beforehand, except for the leader: it is the one that
/// leads when the fault begins.
struct FaultTarget {
  let nodeCount: Int
  let leader: Int?
  var dice: Randomness

  mutating func someNode() -> Int { dice.below(nodeCount) }

  /// Draws a node also when there is a leader, so that what follows is drawn the same.
  mutating func leaderOrSome() -> Int {
    let some = someNode()
    return leader ?? some
  }

  /// All nodes in an order of chance.
  mutating func shuffled() -> [Int] { Array(0..<nodeCount).shuffled(using: &dice) }

  var majority: Int { nodeCount / 2 + 1 }
}

extension FaultKind {
  /// What is wrong while the fault lasts.
  func conditions(_ target: inout FaultTarget) -> Conditions {
    var conditions = Conditions()
    switch self {
    case .killOne: conditions.down[target.someNode()] = .killed
    case .killLeader: conditions.down[target.leaderOrSome()] = .killed
    case .killMajority:
      for node in target.shuffled().prefix(target.majority) { conditions.down[node] = .killed }
    case .killAll:
      for node in 0..<target.nodeCount { conditions.down[node] = .killed }
    case .terminateOne: conditions.down[target.someNode()] = .terminated
    case .pauseOne: conditions.paused = [target.someNode()]
    case .pauseLeader: conditions.paused = [target.leaderOrSome()]
    case .pauseMajority: conditions.paused = Set(target.shuffled().prefix(target.majority))
    case .isolateOne: conditions.cut = Self.cut([target.someNode()], target.nodeCount)
    case .isolateLeader: conditions.cut = Self.cut([target.leaderOrSome()], target.nodeCount)
    case .halves:
      let few = target.shuffled().prefix(target.nodeCount / 2)
      conditions.cut = Self.cut(Set(few), target.nodeCount)
    case .oneWay:
      let pair = target.shuffled()
      conditions.cut = [Edge(from: pair[0], to: pair[1])]
    case .muteLeader:
      let leader = target.leaderOrSome()
      conditions.cut = Set(
        (0..<target.nodeCount).filter { $0 != leader }.map { Edge(from: leader, to: $0) })
    case .bridge: conditions.cut = Self.bridge(target.shuffled())
    case .ring: conditions.cut = Self.ring(target.shuffled())
    case .deafClients:
      conditions.cut = [Edge(from: target.leaderOrSome(), to: Edge.clients)]
    case .loss:
      let percent = 5 + target.dice.below(35)
      for node in 0..<target.nodeCount { conditions.lossPercent[node] = percent }
    case .slowLink: conditions.slowLinks = Set(target.shuffled().prefix(target.majority))
    case .fullDiskOne: conditions.fullDisks = [target.someNode()]
    case .fullDiskLeader: conditions.fullDisks = [target.leaderOrSome()]
    case .fullDiskAll: conditions.fullDisks = Set(0..<target.nodeCount)
    case .failingDisk: conditions.failingDisks = [target.someNode()]
    case .slowDisk:
      for node in target.shuffled().prefix(1 + target.dice.below(target.nodeCount)) {
        conditions.syncDelay[node] = .milliseconds(5 + target.dice.below(300))
      }
    case .clockJump:
      let sign: Int64 = target.dice.isLucky(percent: 50) ? 1 : -1
      let size = Int64(1 + target.dice.below(7200)) * 1000
      conditions.clockOffset[target.someNode()] = .milliseconds(sign * size)
    case .corruptFile, .transfer, .replaceNode, .rollback, .flood, .hostilePeers:
      preconditionFailure("'\(rawValue)' is no condition")
    }
    return conditions
  }

  /// Nothing passes between `some` and the other nodes, in either direction.
  private static func cut(_ some: Set<Int>, _ nodeCount: Int) -> Set<Edge> {
    var edges: Set<Edge> = []
    for one in some {
      for other in 0..<nodeCount where !some.contains(other) {
        edges.formUnion([Edge(from: one, to: other), Edge(from: other, to: one)])
      }
    }
    return edges
  }

  /// Two halves that hear each other only through one node that is in both.
  private static func bridge(_ nodes: [Int]) -> Set<Edge> {
    let others = nodes.dropFirst()
    let left = others.prefix(others.count / 2)
    var edges: Set<Edge> = []
    for one in left {
      for other in others.dropFirst(others.count / 2) {
        edges.formUnion([Edge(from: one, to: other), Edge(from: other, to: one)])
      }
    }
    return edges
  }

  /// Each node hears only its two neighbours; of three, each hears only one of the others.
  private static func ring(_ nodes: [Int]) -> Set<Edge> {
    var edges: Set<Edge> = []
    for (place, one) in nodes.enumerated() {
      for (otherPlace, other) in nodes.enumerated() where place != otherPlace {
        let distance = (otherPlace - place + nodes.count) % nodes.count
        let isNeighbour = distance == 1 || (nodes.count > 3 && distance == nodes.count - 1)
        if !isNeighbour { edges.insert(Edge(from: one, to: other)) }
      }
    }
    return edges
  }
}

// Hundreds of short lives of a cluster under random faults, from fixed seeds, with all checks
// of `TestCluster` on: safety under faults first, then healing, progress and convergence.

import Raft
import Testing

@Suite struct RandomizedTests {
  private static let seeds: ClosedRange<UInt64> = 1...240

  @Test func `random faults break no promise, and a healed cluster moves on`() {
    var seen = Situations()
    for seed in Self.seeds {
      var run = Run(seed: seed)
      run.misbehave(steps: 400)
      run.heal()
      seen.add(run.situations)
      if run.cluster.violations > 0 { break }
    }
    // A situation that never happens means the generator is blind.
    #expect(seen.elections > 300)
    #expect(seen.truncations > 15)
    #expect(seen.lostWrites > 50)
    #expect(seen.commitsUnderFaults > 300)
    #expect(seen.readsUnderFaults > 100)
    #expect(seen.failedReads > 100)
    #expect(seen.heldReports > 100)
  }

  @Test func `the same seed gives the same life`() {
    for seed in 1...20 as ClosedRange<UInt64> {
      var (one, other) = (Run(seed: seed), Run(seed: seed))
      for _ in 0..<20 {
        one.misbehave(steps: 20)
        other.misbehave(steps: 20)
        #expect(one.cluster.network == other.cluster.network, "seed \(seed)")
        for id in one.cluster.ids {
          let (a, b) = (one.cluster[id], other.cluster[id])
          #expect(a.role == b.role && a.term == b.term && a.log == b.log, "seed \(seed)")
          #expect(a.reads == b.reads && a.failedReads == b.failedReads, "seed \(seed)")
          #expect(a.disk.queue == b.disk.queue && a.committed == b.committed, "seed \(seed)")
        }
      }
    }
  }
}

/// Counts of what happened, to prove that it did.
private struct Situations {
  var elections = 0
  var truncations = 0
  var lostWrites = 0
  var commitsUnderFaults = 0
  var readsUnderFaults = 0
  var failedReads = 0
  var heldReports = 0

  mutating func add(_ other: Situations) {
    elections += other.elections
    truncations += other.truncations
    lostWrites += other.lostWrites
    commitsUnderFaults += other.commitsUnderFaults
    readsUnderFaults += other.readsUnderFaults
    failedReads += other.failedReads
    heldReports += other.heldReports
  }
}

extension SplitMix64 {
  fileprivate mutating func chance(_ percent: Int) -> Bool { next(below: 100) < percent }
}

private struct Run {
  let cluster: TestCluster
  var situations = Situations()
  private var dice: SplitMix64
  private let ids: [NodeID]
  // Swarm: each seed draws which faults are on and how many.
  private let losses: Int
  private let duplicates: Int
  private let reorderings: Int
  private let crashes: Int
  private let partitions: Int
  private let slowDisks: Int

  init(seed: UInt64) {
    dice = SplitMix64(seed: seed &* 0xD134_2543_DE82_EF95)
    let sizes = [1, 2, 3, 3, 3, 3, 4, 5, 5]
    var configuration = Configuration.test
    configuration.maxMessagesInFlight = 1 + dice.next(below: 4)
    configuration.maxMessageBytes = [1, 40, 10_000][dice.next(below: 3)]
    configuration.maxPendingReads = 20
    configuration.maxUncommittedBytes = 500
    cluster = TestCluster(
      sizes[dice.next(below: sizes.count)], learners: dice.chance(20) ? 1 : 0,
      configuration: configuration, seed: seed)
    cluster.label = "seed \(seed):"
    ids = cluster.ids
    losses = [0, 2, 10][dice.next(below: 3)]
    duplicates = [0, 2, 10][dice.next(below: 3)]
    reorderings = [0, 10, 60][dice.next(below: 3)]
    crashes = [0, 3, 8][dice.next(below: 3)]
    partitions = [0, 2, 4][dice.next(below: 3)]
    slowDisks = [0, 30, 70][dice.next(below: 3)]
    for id in ids where dice.chance(slowDisks) { cluster.holdDisk(id) }
  }

  mutating func misbehave(steps: Int) {
    for _ in 0..<steps {
      step()
      guard cluster.violations == 0 else { return }
    }
    situations.elections = cluster.leaders.count
    situations.truncations = cluster.truncations
    situations.commitsUnderFaults = cluster.chosen.count
    situations.readsUnderFaults = ids.map { cluster[$0].reads.count }.reduce(0, +)
    situations.failedReads = ids.map { cluster[$0].failedReads.count }.reduce(0, +)
  }

  private mutating func step() {
    let id = ids[dice.next(below: ids.count)]
    switch dice.next(below: 100) {
    case 0..<25:
      for id in cluster.liveIDs where !dice.chance(10) { cluster.tick(id) }
      for _ in 0..<ids.count * 2 { deliverOne() }
    case 25..<30:
      cluster.tick(id, times: 1 + dice.next(below: 12))
    case 30..<60:
      for _ in 0..<1 + dice.next(below: 6) { deliverOne() }
    case 60..<72:
      work(on: id)
    case 72..<84:
      let target = dice.chance(80) ? cluster.leader ?? id : id
      if dice.chance(60) {
        cluster.propose(target, bytes: Array(repeating: 0, count: dice.next(below: 60)))
      } else {
        cluster.read(target)
      }
    case 84..<88:
      cluster.peerUnreachable(ids[dice.next(below: ids.count)], at: id)
    case 88..<94 where dice.chance(crashes * 10):
      situations.lostWrites += cluster[id].disk.queue.isEmpty ? 0 : 1
      cluster.crash(id)
      if dice.chance(50) { restart(id) }
    case 94..<97:
      for id in ids where cluster.isDown(id) { restart(id) }
    case 97... where dice.chance(partitions * 25):
      cluster.heal()
      if dice.chance(60) { partition() }
    default:
      break
    }
  }

  private mutating func deliverOne() {
    guard !cluster.network.isEmpty else { return }
    let isReordered = dice.chance(reorderings)
    let position = isReordered ? dice.next(below: cluster.network.count) : 0
    if dice.chance(losses) {
      cluster.network.remove(at: position)
    } else {
      if dice.chance(duplicates) { cluster.network.append(cluster.network[position]) }
      cluster.deliver(at: position)
    }
  }

  /// A slow disk gets some of its work done; the news of it may come late.
  private mutating func work(on id: NodeID) {
    for id in ids where dice.chance(70) {
      if dice.chance(70) {
        cluster.flush(id, 1 + dice.next(below: 3))
      } else {
        cluster.write(id, 1 + dice.next(below: 3))
        situations.heldReports += 1
      }
    }
    cluster.flush(id, 1)
  }

  private mutating func restart(_ id: NodeID) {
    let applied = cluster[id].committed.count
    cluster.restart(id, appliedIndex: Index(dice.next(below: applied + 1)))
  }

  private mutating func partition() {
    switch dice.next(below: 4) {
    case 0:
      cluster.isolate(ids[dice.next(below: ids.count)])
    case 1:
      let side = ids.filter { _ in dice.chance(50) }
      cluster.partition(side, ids.filter { !side.contains($0) })
    case 2:  // a bridge
      let bridge = ids[dice.next(below: ids.count)]
      let side = ids.filter { _ in dice.chance(50) }
      cluster.partition(
        side + [bridge], ids.filter { !side.contains($0) } + [bridge])
    default:  // one-way, any links
      for a in ids {
        for b in ids where a != b && dice.chance(30) { cluster.cut(from: a, to: b) }
      }
    }
  }

  /// Everything works again: within 30 election timeouts the cluster must have a leader that
  /// commits, and all nodes the same committed log.
  mutating func heal() {
    guard cluster.violations == 0 else { return }
    cluster.heal()
    for id in ids {
      if cluster.isDown(id) { restart(id) }
      cluster.releaseDisk(id)
    }
    cluster.deliver()
    let patience = 30 * cluster.configuration.electionTicks
    let leads = cluster.tickAll(atMost: patience) {
      guard let leader = cluster.leader else { return false }
      return ids.allSatisfy { cluster[$0].node.reachableLeader == leader }
    }
    guard leads, let leader = cluster.leader else {
      Issue.record("\(cluster.label) no leader after healing")
      return
    }
    let proposal = cluster.propose(leader, "last")
    let read = cluster.read(leader)
    guard let place = cluster[leader].accepted.first(where: { $0.id == proposal }) else {
      Issue.record("\(cluster.label) proposal refused after healing")
      return
    }
    let isDone = cluster.tickAll(atMost: patience) {
      ids.allSatisfy { cluster[$0].committed.count >= place.index }
    }
    if !isDone { Issue.record("\(cluster.label) no progress after healing") }
    if !cluster[leader].reads.contains(where: { $0.id == read }) {
      Issue.record("\(cluster.label) the read after healing was not served")
    }
    cluster.tickAll(times: 7)
    cluster.checkLogs()
    for id in ids where cluster[id].committed != cluster.chosen {
      Issue.record("\(cluster.label) node \(id) lacks committed entries after healing")
    }
  }
}

// The simulation: a whole cluster, its clients and its world, in one thread, from one seed.

import Linearizability
import PDBCoordinator
import PDBModel
import Raft

/// One life of a cluster. First everything goes wrong that the plan allows, and no promise may
/// be broken; then a majority is healed, and must make progress (in the manner of
/// TigerBeetle's VOPR).
package final class Simulation {
  let plan: Plan
  var dice: Dice
  var schedule = Schedule<Happening>()
  var network = SimulatedNetwork()
  /// By id, which counts from 1.
  var nodes: [SimulatedNode] = []
  var transfers: [SnapshotTransfer] = []
  var clients: [Client] = []
  var workload: Workload
  var history: [RegisterRecord] = []
  var unjudged = 0
  var administrator = Administrator()
  var checks: Checks
  var witness = Witness()
  var recovery: Recovery?
  var isOver = false

  private(set) var situations = Situations()
  let diary: Diary
  /// Takes pictures, if they are wanted.
  var camera: Camera?
  var hash = TraceHash()
  private(set) var eventCount: UInt64 = 0
  private let seed: UInt64
  private let bug: PlantedBug?

  /// - Parameters:
  ///   - bug: what is wrong with the nodes, to see whether it is noticed.
  ///   - voters: how many nodes there are, if not as many as the seed says; then nothing goes wrong but what
  ///     is ordered.
  ///   - diary: is given a line for everything that happens.
  package init(
    seed: UInt64, bug: PlantedBug? = nil, voters: Int? = nil, diary: ((String) -> Void)? = nil
  ) {
    self.seed = seed
    self.bug = bug
    plan = voters.map { Plan(calm: seed, voters: $0) } ?? Plan(seed: seed)
    dice = Dice(seed: seed)
    self.diary = Diary(diary)
    let members = Simulation.firstMembers(plan, &dice)
    checks = Checks(
      membership: members,
      rules: PlantedRules(bug: nil, rememberedEntries: plan.past.rememberedEntries),
      looksBack: plan.past.looksBack)
    workload = Workload(keys: plan.keys, past: plan.past)
    for _ in members.members { addNode(knowing: members) }
    for position in 0..<plan.clients {
      clients.append(
        Client(
          position: position, isReader: position > 0 && dice.chance(300), keys: workload.keyCount))
      schedule.add(.clientActs(position), after: Time(dice.among(1...500)))
    }
    schedule.add(.misfortune, after: Schedule<Happening>.tick * 10)
    schedule.add(.inspection, after: Schedule<Happening>.tick)
  }

  private static func firstMembers(_ plan: Plan, _ dice: inout Dice) -> Membership {
    // Ranks in another order than ids, so that neither stands in for the other.
    let ids = (1...(plan.voters + plan.learners)).map { NodeID($0) }
    let ranks = dice.shuffled(ids)
    return Membership(
      zip(ids, ranks).map { id, rank in
        Member(
          id: id, address: "node\(id)", rank: UInt32(rank),
          role: id > NodeID(plan.voters) ? .learner : .voter)
      })
  }

  /// Runs to the end, or to the first broken promise.
  package func run() -> Report { run { _ in } }

  /// - Parameter look: is called when time has moved on, before what happens then.
  func run(_ look: (Time) throws -> Void) -> Report {
    var violation: Violation?
    do {
      while !isOver, let happening = schedule.next() {
        try look(schedule.now)
        try handle(happening)
      }
      try checkHistory()
    } catch let broken as Violation {
      violation = broken
    } catch {
      violation = Violation(.stateMachineSafety, "applying failed: \(error)")
    }
    return Report(
      seed: seed, violation: violation, situations: situations, events: eventCount,
      ticks: schedule.now / Schedule<Happening>.tick, entries: checks.commits.chosen.count,
      operations: history.count, unjudged: unjudged, hash: hash.value)
  }

  // MARK: Nodes

  subscript(id: NodeID) -> SimulatedNode { nodes[Int(id) - 1] }

  @discardableResult
  func addNode(knowing membership: Membership) -> SimulatedNode {
    let id = NodeID(nodes.count + 1)
    var rules = PlantedRules(
      bug: bug, node: id, rememberedEntries: plan.past.rememberedEntries)
    // Programs that know nothing of a version join no cluster that may have it.
    if plan.past.isUpgrade, !membership.members.isEmpty, dice.chance(plan.past.oldPrograms) {
      rules.newestVersion = .first
    }
    let node = SimulatedNode(
      id: id, membership: membership, configuration: plan.configuration,
      seed: dice.next(), tickLength: Schedule<Happening>.tick - 4 + Time(dice.below(9)),
      clockSkew: Int64(dice.below(2000)) - 1000, rules: rules)
    if plan.past.isReal { addStorage(to: node) }
    nodes.append(node)
    schedule.add(.tick(node.id, life: node.life), after: Time(dice.below(100)))
    return node
  }

  var livingNodes: [SimulatedNode] { nodes.filter(\.isAlive) }

  /// The leader of the newest term, if there is one.
  var leader: SimulatedNode? {
    var newest: SimulatedNode?
    for node in nodes where node.isLeader && node.status.term > newest?.status.term ?? 0 {
      newest = node
    }
    return newest
  }

  // MARK: Time

  var now: Time { schedule.now }
  var eventNumber: UInt64 { eventCount }

  func note(_ situation: Situation) {
    situations.note(situation)
    camera?.notes.append(situation.rawValue)
    diary.note(now, "    (\(situation.rawValue))")
  }

  private func handle(_ happening: Happening) throws {
    if let (id, life) = happening.place {
      let node = self[id]
      if let life, life != node.life { return }
      guard node.isAlive else { return }
      if node.pausedUntil > now {
        return schedule.add(happening, after: node.pausedUntil - now)
      }
    }
    eventCount += 1
    try dispatch(happening)
  }

  private func dispatch(_ happening: Happening) throws {
    switch happening {
    case .tick(let id, _): try tick(self[id])
    case .arrival(let envelope, let isCopy): try arrive(envelope, isCopy: isCopy)
    case .stateTold(let hash, let peer, let id): try step(self[id], .stateHash(hash, from: peer))
    case .connectionLost(let id, _, let peer): try loseConnection(self[id], to: peer)
    case .meeting(let id, _, let peer): try meet(self[id], self[peer])
    case .drain(let id, _): try drain(self[id])
    case .written(let id, _): try finishWriting(self[id])
    case .replaced(let id, _): try replaceState(self[id])
    case .reported(let id, _, let number): try report(number, to: self[id])
    case .apply(let id, _): try apply(self[id])
    case .stateSynced(let id, _): try syncState(self[id])
    case .diskFull(let id, _): try step(self[id], .storageFull(self[id].isDiskFull))
    case .snapshotPiece(let position): try sendPiece(position)
    case .snapshotReceived(let position): try receiveSnapshot(position)
    case .snapshotEnded(let id, _, let peer, let index):
      try step(self[id], .snapshotSent(to: peer, index: index))
    case .clientActs(let position): act(position)
    case .clientTimesOut(let attempt): try timeOut(attempt)
    case .request(let attempt, let id): request(attempt, at: id)
    case .reply(let attempt, let reply, let id): try answered(attempt, reply, by: id)
    case .misfortune: try misfortune()
    case .desertion(let id, _): desert(self[id])
    case .inspection: try inspect()
    }
  }
}

// The one true history: every committed entry, applied once, on no node of the cluster.

package import PDBCoordinator
package import PDBModel
package import Raft

/// Applies what is committed as soon as it is, and compares every node with the result.
///
/// State-machine safety (Raft, Figure 3), exactly-once, and that a snapshot is the state of its
/// index.
package struct Replay {
  /// The state after an entry.
  private struct Point {
    let revision: UInt64
    let hash: UInt64
    let decision: Bytes?
  }

  package private(set) var machine: Machine
  private var queue = ApplyQueue()
  /// What is to live for a while.
  package var leases = LeaseChecker()
  /// The entries as they were applied: decisions stand in the places of what they skip.
  package private(set) var applied: [Entry] = []
  private var points: [Point] = []
  /// Where each request was first applied, and where it changed something.
  private var firstApplied: [String: Index] = [:]
  private var effects: [String: Index] = [:]

  /// The pairs as of each revision; `nil` if nobody will ask.
  private var states: [UInt64: [Bytes: StoredValue]]?

  /// - Parameters:
  ///   - rules: of the nodes, without a bug.
  ///   - looksBack: whether earlier states are compared, too.
  package init(
    membership: Membership, rules: any StateRules = SoundState(), looksBack: Bool = false
  ) {
    if looksBack { states = [0: [:]] }
    var mark = StateMark()
    mark.membership = membership
    machine = Machine(storage: MemoryState(), mark: mark, rules: rules)
  }

  package func firstIndex(of request: String) -> Index? { firstApplied[request] }

  /// An entry has been committed. Returns the request it carries, if any.
  @discardableResult
  package mutating func committed(_ entry: Entry, at now: Time) throws -> String? {
    let request = entry.request
    if let request, firstApplied[request] == nil { firstApplied[request] = entry.index }
    queue.add([entry])
    let entries = queue.take()
    for (position, entry) in entries.enumerated() {
      do { try apply(entry, at: now) } catch let poisoned as PoisonedEntry {
        queue.putBack(entries[position...], poisoned)
        break
      }
    }
    return request
  }

  private mutating func apply(_ entry: Entry, at now: Time) throws {
    let before = machine.mark.revision
    guard let effect = try machine.apply(entry) else { return }
    applied.append(entry)
    points.append(
      Point(revision: effect.revision, hash: effect.hash, decision: effect.decision?.encoded()))
    // A repeated request is answered, and does nothing.
    let isRepeated = entry.request.map { firstApplied[$0] != entry.index } ?? false
    if case .operation(let bytes) = entry.payload, !isRepeated {
      try leases.applied(
        StampedOperation(decoding: bytes), effect.decision, effect.made, at: now)
    }
    guard effect.revision != before else { return }
    states?[effect.revision] = machine.storage.pairs.filter { !SystemKeys.hasNoHistory($0.key) }
    let twins = Workload.twins.map { machine.storage.get($0)?.value }
    guard twins[0] == twins[1] else {
      throw Violation(
        .stateMachineSafety, "after \(entry.index) only a part of a transaction is made")
    }
    guard let request = entry.request else { return }
    if let earlier = effects.updateValue(entry.index, forKey: request) {
      throw Violation(
        .exactlyOnce, "request \(request) took effect at \(earlier) and at \(entry.index)")
    }
  }

  /// The revision after an entry that is committed.
  package func revision(after index: Index) -> UInt64 { point(at: index)?.revision ?? 0 }

  /// A node has applied an entry.
  package func check(_ applied: Applied, by id: NodeID) throws {
    guard let point = point(at: applied.index) else {
      throw Violation(
        .stateMachineSafety, "node \(id) applied \(applied.index), which is not committed")
    }
    if point.revision != applied.revision || point.hash != applied.hash {
      throw Violation(
        .stateMachineSafety, "node \(id) has another state after \(applied.index) than others")
    }
  }

  /// A client is given an answer.
  package func check(_ decision: Decision, at index: Index, by id: NodeID) throws {
    if point(at: index)?.decision != decision.encoded() {
      throw Violation(.stateMachineSafety, "node \(id) answers \(index) otherwise than others")
    }
  }

  /// A node has received a state whole.
  package func check(received mark: StateMark, by id: NodeID) throws {
    let point = point(at: mark.appliedIndex)
    if mark.appliedIndex > 0, point?.revision != mark.revision || point?.hash != mark.comparedHash {
      throw Violation(
        .snapshot, "node \(id) received a state that is not the one of \(mark.appliedIndex)")
    }
  }

  /// A node has come to rest: its whole state must be the one that the log leads to.
  package func check(final machine: Machine, of id: NodeID) throws {
    guard machine.mark == self.machine.mark, machine.storage.isSame(as: self.machine.storage)
    else {
      throw Violation(
        .convergence,
        "node \(id) holds another state at \(machine.mark.appliedIndex) than the log leads to")
    }
    for (revision, pairs) in states ?? [:]
    where try machine.storage.isReadable(revision, machine.mark.data) {
      try check(machine.storage.past(revision), pairs, "revision \(revision) of node \(id)")
      // Without versions it must come to the same.
      if revision >= machine.mark.compactedRevision {
        try check(
          RewoundView(machine.storage, to: revision), pairs, "revision \(revision), rewound")
      }
    }
  }

  private func check(
    _ view: any StateView, _ pairs: [Bytes: StoredValue], _ name: String
  ) throws {
    var found: [Bytes: StoredValue] = [:]
    try view.scan(from: [], to: nil, reversed: false) { key, stored in
      if !SystemKeys.hasNoHistory(key) { found[key] = stored }
      return true
    }
    guard found == pairs else {
      let differing = Set(found.keys).union(pairs.keys).filter { found[$0] != pairs[$0] }
      let keys = differing.map { "'\($0.shown)'" }.sorted().joined(separator: ", ")
      throw Violation(
        .convergence, "\(name) is not what it was when it was made: it differs in \(keys)")
    }
  }

  private func point(at index: Index) -> Point? {
    index > 0 && index <= Index(points.count) ? points[Int(index) - 1] : nil
  }
}

extension Entry {
  /// The request that its operation names, if it can be read and names one.
  fileprivate var request: String? {
    guard case .operation(let bytes) = payload else { return nil }
    return (try? StampedOperation(decoding: bytes))?.stamp.request?.id
  }
}

// The nodes and everything around them, kept as the faults want them.

import Foundation

/// Makes the world what the active faults say, and starts nodes that ended by themselves.
actor World {
  nonisolated let nodes: [Node]
  private let firewall: Firewall
  private let findings: Findings
  private var active: [Int: Conditions] = [:]
  /// Nodes that a procedure has taken over: their processes are its business.
  private var owned: Set<Int> = []
  private var applied: [Int: Conditions] = [:]
  /// When a node's disk was last bad; it may end by itself because of that a while later.
  private var disksHurtAt: [Int: ContinuousClock.Instant] = [:]
  /// How many ask for peace: as long as somebody does nothing is wrong.
  private var peaceKeepers = 0
  /// When something was wrong last.
  private var troubledAt: ContinuousClock.Instant?

  init(nodes: [Node], firewall: Firewall, findings: Findings) {
    self.nodes = nodes
    self.firewall = firewall
    self.findings = findings
  }

  // MARK: What is wanted

  func begin(_ fault: Int, _ conditions: Conditions) { active[fault] = conditions }

  func end(_ fault: Int) { active[fault] = nil }

  func endAll() { active = [:] }

  func own(_ node: Int) -> Bool { owned.insert(node).inserted }

  func disown(_ node: Int) { owned.remove(node) }

  func isOwned(_ node: Int) -> Bool { owned.contains(node) }

  /// Runs `body` while all faults hold off.
  func inPeace<T: Sendable>(_ body: @Sendable () async -> T) async -> T {
    peaceKeepers += 1
    defer { peaceKeepers -= 1 }
    return await body()
  }

  /// Whether nothing was wrong since then but what procedures do.
  func wasCalm(since start: ContinuousClock.Instant) -> Bool {
    troubledAt.map { $0 < start } ?? true
  }

  private var wanted: Conditions {
    var wanted = Conditions()
    guard peaceKeepers == 0 else { return wanted }
    for fault in active.keys.sorted() { wanted.merge(active[fault]!) }
    return wanted
  }

  // MARK: Keeping

  /// Runs until cancelled. The only place that changes the world, one change after the other.
  func keep() async throws {
    while !Task.isCancelled {
      let wanted = wanted
      for node in wanted.hurtDisks { disksHurtAt[node] = .now }
      if wanted != Conditions() { troubledAt = .now }
      for node in nodes { await keepProcess(node, wanted) }
      for node in nodes where applied[node.place.index] != wanted {
        try await keepSurroundings(node, wanted)
        applied[node.place.index] = wanted
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  private func keepProcess(_ node: Node, _ wanted: Conditions) async {
    let index = node.place.index
    guard !owned.contains(index) else { return }
    if let ending = wanted.down[index] {
      guard await node.isRunning else { return }
      let signal = ending == .killed ? SIGKILL : SIGTERM
      if await node.finish(signal) {
        // A bad disk or a full one may well hold a node up; nothing else may.
        if !mayEnd(index) { findings.report("node \(index) did not follow a SIGTERM") }
      }
      return
    }
    if !(await node.isRunning), await node.isRested, !owned.contains(index) {
      do { try await node.start() } catch { findings.report("node \(index): \(error)") }
    }
    await node.pause(wanted.paused.contains(index))
  }

  private func keepSurroundings(_ node: Node, _ wanted: Conditions) async throws {
    let place = node.place
    let before = applied[place.index] ?? Conditions()
    if before.cut != wanted.cut || before.lossPercent != wanted.lossPercent {
      try await firewall.apply(wanted, to: place.index)
    }
    let isSlow = wanted.slowLinks.contains(place.index)
    if before.slowLinks.contains(place.index) != isSlow {
      try await firewall.setSlow(isSlow, node: place.index)
    }
    let isFull = wanted.fullDisks.contains(place.index)
    if before.fullDisks.contains(place.index) != isFull {
      if isFull { await place.disk.fill() } else { place.disk.empty() }
    }
    try place.control.set(
      syncDelay: wanted.syncDelay[place.index] ?? .zero,
      clockOffset: wanted.clockOffset[place.index] ?? .zero,
      failsSync: wanted.failingDisks.contains(place.index))
  }

  // MARK: Ends

  /// Judges the end of a process: one that was not asked to end needs a good reason.
  func note(_ end: ProcessEnd) {
    if end.wasAsked || owned.contains(end.node) {
      guard end.isSignal, end.status != SIGKILL, end.status != SIGTERM else { return }
    } else {
      findings.countOwnEnd(end)
      let isDiskTrouble = !end.isSignal && [73, 74, 75].contains(end.status)
      if isDiskTrouble && mayEnd(end.node) { return }
    }
    findings.report("node \(end.node) ended by itself: \(end)")
  }

  func mayEnd(_ node: Int) -> Bool {
    disksHurtAt[node].map { ContinuousClock.now - $0 < .seconds(15) } ?? false
  }

  /// Ends everything, also when cancelled.
  func finishAll() async {
    for node in nodes { await node.finishAll() }
  }
}

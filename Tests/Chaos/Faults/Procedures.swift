// Faults that are sequences of steps: what an operator does, and what hits a single file.

import Foundation

/// Carries out procedures, one at a time: each may cost one node, and two could cost a majority.
actor Procedures {
  let world: World
  let observer: Observer
  let commands: OperatorCommands
  let findings: Findings
  private var isBusy = false
  /// Members whose removal was asked for and not confirmed: it may come true at any time.
  private var doubtful: Set<Int> = []
  private(set) var noticedCorruptions = 0
  /// How many of them the nodes mended by themselves.
  private(set) var mendedCorruptions = 0
  /// How long each node took that was rolled back until it said so.
  var noticedRollbacks: [Duration] = []

  init(
    world: World, observer: Observer, commands: OperatorCommands, findings: Findings
  ) {
    self.world = world
    self.observer = observer
    self.commands = commands
    self.findings = findings
  }

  /// - Returns: whether it was done: not if the program cannot do it, or another is under way.
  func run(_ kind: FaultKind, _ target: inout FaultTarget) async -> Bool {
    if kind == .transfer {
      guard commands.program.hasTransfer else { return false }
      // Without a leader or a quorum it may well fail.
      return (try? await commands.transferLeadership().status) == 0
    }
    let node = target.someNode()
    guard !isBusy, await world.own(node) else { return false }
    isBusy = true
    defer { isBusy = false }
    let isDone: Bool
    do {
      switch kind {
      case .corruptFile: isDone = try await corrupt(node, &target.dice)
      case .replaceNode: isDone = try await replace(node)
      case .rollback: isDone = try await rollBack(node, &target.dice)
      default: preconditionFailure("'\(kind.rawValue)' is not a procedure")
      }
    } catch {
      findings.report("\(kind.rawValue) of node \(node): \(error)")
      isDone = false
    }
    await world.disown(node)
    return isDone
  }

  // MARK: A damaged file

  /// Flips a bit of what the node has written, and expects that it notices.
  private func corrupt(_ index: Int, _ dice: inout Randomness) async throws -> Bool {
    let node = world.nodes[index]
    await node.finish(SIGKILL)
    guard !node.place.logFiles.isEmpty, let flip = try BitFlip.make(in: node.place, &dice) else {
      return false
    }
    let said = Self.mendings(in: node.place.log)
    try await node.start()
    _ = await waitUntil(within: .seconds(4)) {
      if flip.isMendable, Self.mendings(in: node.place.log) > said { return true }
      return await !node.isRunning
    }
    if flip.isMendable, Self.mendings(in: node.place.log) > said {
      noticedCorruptions += 1
      mendedCorruptions += 1
      return true
    }
    if let end = await node.lastEnd, !end.isSignal, end.status == 74 {
      noticedCorruptions += 1
    } else if await !world.mayEnd(index) {
      // A disk that fails as well hides what was altered.
      let end = await node.lastEnd.map { "ended with \($0)" } ?? "runs on"
      findings.report("node \(index) \(end) although \(flip) was altered")
    }
    await node.finish(SIGKILL)
    if commands.program.hasMembership, try await replace(index) { return true }
    // Not from a copy of the files: the node may have acknowledged more since it was made.
    try flip.undo()
    return true
  }

  /// How often the node has said that it makes its state anew.
  private static func mendings(in log: String) -> Int {
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    return text.components(separatedBy: "the state is damaged, and is made anew").count - 1
  }

  // MARK: A new node in the place of an old one

  /// Removes a member, wipes its disk, and lets it join anew: the documented way.
  func replace(_ index: Int) async throws -> Bool {
    guard commands.program.hasMembership else { return false }
    // As long as there is no quorum the member cannot be removed; but it may have been asked.
    guard await remove(index, within: .seconds(12)) else {
      doubtful.insert(index)
      return false
    }
    try await rejoin(index)
    return true
  }

  /// - Returns: whether it is certain that the member is gone.
  private func remove(_ index: Int, within limit: Duration) async -> Bool {
    await waitUntil(within: limit, every: .milliseconds(500)) {
      guard let status = (try? await commands.removeMember(index))?.status else { return false }
      // 1: there is no such member, because an earlier attempt was carried out.
      return status == 0 || status == 1
    }
  }

  /// Completes, in peace, what was begun under faults and may have been carried out or not.
  func settleDoubts() async throws {
    for index in doubtful.sorted() {
      guard await remove(index, within: .seconds(30)) else {
        findings.report("node \(index) could not be removed within 30 seconds of peace")
        continue
      }
      try await rejoin(index)
    }
    doubtful = []
  }

  private func rejoin(_ index: Int) async throws {
    let node = world.nodes[index]
    // A start that was under way may have looked at the files before they went: it must not go on without them.
    for _ in 0..<2 {
      await node.finish(SIGKILL)
      try await node.wipe()
    }
    let joined = await waitUntil(within: .seconds(60), every: .milliseconds(500)) {
      if await !node.isRunning { try? await node.start() }
      return await observer.status(index).map { $0.leader != nil && $0.applied > 0 } ?? false
    }
    if !joined { findings.report("node \(index) could not join again within 60 seconds") }
  }
}

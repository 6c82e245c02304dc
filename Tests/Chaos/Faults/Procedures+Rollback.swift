// An older copy of a node's files is put back, as after a restored disk or a cloned machine.

import Foundation

extension Procedures {
  /// How soon a node must say that it has less than it confirmed, where nothing else is wrong.
  private static let noticeLimit = Duration.seconds(5)

  /// Copies the files of a node that does not run, and puts them back when all others know that it has
  /// confirmed more. Expects that the node says so; then the documented way out must work.
  func rollBack(_ index: Int, _ dice: inout Randomness) async throws -> Bool {
    guard commands.program.hasMembership else { return false }
    let node = world.nodes[index]
    await node.finish(dice.isLucky(percent: 50) ? SIGTERM : SIGKILL)
    guard !node.place.logFiles.isEmpty else { return false }
    let copy = node.place.log + ".copy"
    try? FileManager.default.removeItem(atPath: copy)
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try node.place.disk.copyData(to: copy)
    try await node.start()
    try? await Task.sleep(for: dice.duration(100...2000))
    guard await world.inPeace({ await confirmsMore(index) }) else { return false }
    await node.finish(SIGKILL)
    try node.place.disk.putBack(copy)
    let start = ContinuousClock.now
    try await node.start()
    guard await isNoticed(index, since: start) else { return false }
    noticedRollbacks.append(ContinuousClock.now - start)
    return try await replace(index)
  }

  /// Waits until the node has confirmed more than it came back with, and a leader has told all others.
  private func confirmsMore(_ index: Int) async -> Bool {
    var first: UInt64?
    var term: UInt64?
    return await waitUntil(within: .seconds(8), every: .milliseconds(300)) {
      guard let statuses = await observer.allStatuses(), statuses[index].alarms.isEmpty,
        let leader = statuses[index].leader, statuses.allSatisfy({ $0.leader == leader }),
        statuses.allSatisfy({ $0.term == statuses[0].term })
      else {
        term = nil
        return false
      }
      // What it says first may already be more than what was copied, but never less.
      if first == nil { first = statuses[index].last }
      defer { term = statuses[index].applied > first! ? statuses[0].term : nil }
      return term == statuses[0].term
    }
  }

  private func isNoticed(_ index: Int, since start: ContinuousClock.Instant) async -> Bool {
    let isNoticed = await waitUntil(within: .seconds(60), every: .milliseconds(20)) {
      await observer.status(index)?.alarms.contains("rolled_back") == true
    }
    if Task.isCancelled { return false }
    if !isNoticed {
      findings.report("node \(index) was rolled back and did not say so within a minute")
    } else if ContinuousClock.now - start > Self.noticeLimit, await world.wasCalm(since: start) {
      findings.report(
        "node \(index) was rolled back and took \((ContinuousClock.now - start).seconds.short) s "
          + "to say so")
    }
    return isNoticed
  }
}

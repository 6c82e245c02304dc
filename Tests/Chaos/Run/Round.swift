// One round: clients and faults, then peace, then the checks.

import Foundation

/// Everything a round needs.
struct Round {
  let number: Int
  let settings: Settings
  let installation: Installation
  let world: World
  let observer: Observer
  let procedures: Procedures
  let http: HTTP
  let findings: Findings
  let log: @Sendable (String) -> Void

  /// How soon a healed cluster must serve again on every node.
  private static let recoveryLimit = Duration.seconds(30)

  private var keys: Workload.Keys { Workload.Keys(round: number) }

  /// - Parameter givenNumbers: task numbers of earlier rounds; grows.
  func run(givenNumbers: inout [UInt64: String]) async throws -> RoundReport {
    let history = History()
    var report = RoundReport(number: number)
    let start = ContinuousClock.now
    let leadersBefore = await observer.leaderChanges
    guard let before = await settledStatuses() else {
      findings.report("round \(number): the nodes did not agree before it")
      return report
    }
    let plan = FaultPlan(seed: settings.seed, round: number, kinds: settings.kinds)
    let stop = StopSign()
    await withTaskGroup(of: Void.self) { group in
      for client in 0..<Workload.clientCount {
        var workload = Workload(
          session(client), keys: keys,
          randomness: Randomness(seed: settings.seed, part: UInt64(number * 1000 + client)))
        group.addTask { await workload.run(history, until: stop) }
      }
      report.faults = await faultInjector.run(plan)
      log("all faults have ended")
      do { try await procedures.settleDoubts() } catch {
        findings.report("round \(number): a member could not be replaced: \(error)")
      }
      report.recovery = await recover()
      // What clients do in peace belongs to the history too.
      try? await Task.sleep(for: .milliseconds(1000))
      stop.set()
    }
    try Task.checkCancellation()
    log("clients have stopped")
    await readEverything(history)
    let statuses = await settledStatuses()
    report.records = history.records
    report.leaderChanges = await observer.leaderChanges - leadersBefore
    report.seconds = (ContinuousClock.now - start).seconds
    try history.lines().write(
      to: URL(fileURLWithPath: "\(installation.directory)/history-\(number).jsonl"))
    guard let statuses else {
      findings.report("round \(number): the nodes did not come to agree: \(await describe())")
      return report
    }
    checkHashes(statuses)
    try await check(
      report, after: before.map(\.revision).min()!, through: statuses, &givenNumbers)
    return report
  }

  /// A client with fresh request ids. They are random: the seed decides only the faults.
  private func session(_ client: Int) -> Session {
    Session(
      client: client, http: http, world: world, findings: findings, sabotage: settings.sabotage,
      randomness: Randomness(seed: .random(in: 0 ... .max)))
  }

  private var faultInjector: FaultInjector {
    FaultInjector(
      world: world, observer: observer, procedures: procedures, http: http,
      nodeCount: settings.nodeCount, log: log)
  }

  // MARK: Recovery

  /// Waits until every node serves reads and one change was made; returns how long it took.
  private func recover() async -> Double? {
    let start = ContinuousClock.now
    var prober = session(Workload.clientCount)
    var pending = Set(http.addresses.indices)
    var isWritable = false
    let isWell = await waitUntil(within: Self.recoveryLimit) {
      if !isWritable {
        let record = await prober.perform(.increment(key: "probe", by: 1))
        if case .answered = record.result { isWritable = true }
      }
      for node in pending where await servesReads(node) { pending.remove(node) }
      return isWritable && pending.isEmpty
    }
    if Task.isCancelled { return nil }
    guard isWell else {
      findings.report(
        "round \(number): \(Self.recoveryLimit.seconds.short) s after all faults ended, "
          + (isWritable ? "" : "no change could be made; ")
          + "nodes \(pending.sorted()) served no reads: \(await describe())")
      return nil
    }
    return (ContinuousClock.now - start).seconds
  }

  private func servesReads(_ node: Int) async -> Bool {
    let attempt = await http.send(
      HTTPRequest(path: "/kv?prefix=probe"), to: node, within: .seconds(2))
    if case .answer(let answer) = attempt { return answer.isSuccess }
    return false
  }

  /// Waits until all nodes have applied everything, the same.
  private func settledStatuses() async -> [NodeStatus]? {
    var settled: [NodeStatus]?
    _ = await waitUntil(within: Self.recoveryLimit, every: .milliseconds(100)) {
      guard let statuses = await observer.allStatuses(),
        Set(statuses.map(\.applied)).count == 1, statuses.contains(where: \.isLeader),
        statuses.allSatisfy({ $0.applied == $0.last })
      else { return false }
      settled = statuses
      return true
    }
    return settled
  }

  private func describe() async -> String {
    var words: [String] = []
    for node in http.addresses.indices {
      let status = await observer.status(node).map { "\($0)" } ?? "no answer"
      words.append("\(node): \(status)")
    }
    return words.joined(separator: "; ")
  }

  /// Every key on every node: what was acknowledged must be seen everywhere.
  private func readEverything(_ history: History) async {
    for node in http.addresses.indices {
      for _ in 0..<20 {
        var reader = session(Workload.clientCount + 1 + node)
        let record = await reader.perform(.readAll(prefix: keys.prefix))
        history.add(record)
        if case .answered = record.result { break }
      }
    }
  }

  // MARK: Checks

  private func checkHashes(_ statuses: [NodeStatus]) {
    guard Set(statuses.map(\.hash)).count > 1 || Set(statuses.map(\.revision)).count > 1 else {
      return
    }
    let hashes = statuses.map { "\($0.hash) at revision \($0.revision)" }
    findings.report(
      "round \(number): the nodes applied \(statuses[0].applied) entries and differ: "
        + hashes.joined(separator: ", "))
  }

  private func check(
    _ report: RoundReport, after start: UInt64, through statuses: [NodeStatus],
    _ givenNumbers: inout [UInt64: String]
  ) async throws {
    var problems = LinearizabilityCheck.problems(report.records, keys: keys.all)
    let histories =
      if let etcd = installation.etcd {
        [try await EtcdHistory.read(etcd, after: start)]
      } else {
        try installation.nodes.map {
          try StoredHistory.read($0.place, after: start, in: installation.directory)
        }
      }
    let replay = Replay(histories, after: start)
    problems += ReplayCheck(replay, report.records).problems
    problems += LeaseCheck.problems(report.records)
    let list: TasksBody? = await http.get("/tasks", from: 0, within: .seconds(10))
    if let list {
      problems +=
        TaskCheck(
          report.records, list: list.tasks, replay: replay, givenNumbers: &givenNumbers
        ).problems
    } else {
      problems.append("the tasks could not be listed")
    }
    for problem in problems { findings.report("round \(number): \(problem)") }
  }
}

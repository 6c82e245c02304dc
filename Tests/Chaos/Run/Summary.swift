// The table at the end of a run.

/// The figures of all rounds.
struct Summary: Sendable {
  private var rounds = 0
  private var answered = 0
  private var refused = 0
  private var unknown = 0
  private var repeated = 0
  private var leaderChanges = 0
  private var slowestRecovery = 0.0
  private var faults: [FaultKind: Int] = [:]

  mutating func add(_ report: RoundReport) {
    rounds += 1
    answered += report.answered
    refused += report.refused
    unknown += report.unknown
    repeated += report.records.count { $0.attempts > 1 }
    leaderChanges += report.leaderChanges
    slowestRecovery = max(slowestRecovery, report.recovery ?? 0)
    faults.merge(report.faults, uniquingKeysWith: +)
  }

  func table(
    seconds: Double, findings: Findings, noticedCorruptions: Int, mendedCorruptions: Int,
    noticedRollbacks: [Duration]
  ) -> String {
    var rows: [(String, String)] = [
      ("seconds", seconds.short), ("rounds", "\(rounds)"),
      ("operations", "\(answered + refused + unknown)"), ("  answered", "\(answered)"),
      ("  refused, not applied", "\(refused)"), ("  unknown", "\(unknown)"),
      ("  sent more than once", "\(repeated)"), ("leaders", "\(leaderChanges)"),
      ("slowest recovery, seconds", slowestRecovery.short),
      ("faults", "\(faults.values.reduce(0, +))"),
    ]
    for (kind, count) in faults.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      rows.append(("  \(kind.rawValue)", "\(count)"))
    }
    rows.append(("corruptions noticed", "\(noticedCorruptions)"))
    rows.append(("  mended by the node", "\(mendedCorruptions)"))
    rows.append(("rollbacks named", "\(noticedRollbacks.count)"))
    let times = noticedRollbacks.map(\.seconds).sorted()
    if let slowest = times.last {
      rows.append(("  after, seconds (median)", times[times.count / 2].short))
      rows.append(("  after, seconds (slowest)", slowest.short))
    }
    for (end, count) in findings.ownEnds.sorted(by: { $0.key < $1.key }) {
      rows.append(("ended by itself: \(end)", "\(count)"))
    }
    rows.append(("violations", "\(findings.violations.count)"))
    let width = rows.map(\.0.count).max()!
    return rows.map { name, value in
      name + String(repeating: " ", count: width + 2 - name.count) + value
    }.joined(separator: "\n")
  }
}

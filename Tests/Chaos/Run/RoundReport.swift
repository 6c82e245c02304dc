// What happened in a round, in one line.

/// The figures of a round.
struct RoundReport: Sendable {
  let number: Int
  var seconds = 0.0
  var records: [Record] = []
  var faults: [FaultKind: Int] = [:]
  var leaderChanges = 0
  /// Seconds until the healed cluster served again; `nil` if it did not.
  var recovery: Double?

  init(number: Int) { self.number = number }

  var answered: Int {
    records.count { if case .answered = $0.result { true } else { false } }
  }

  var refused: Int {
    records.count { if case .refused = $0.result { true } else { false } }
  }

  var unknown: Int { records.count - answered - refused }

  func line(violations: Int) -> String {
    let faultCount = faults.values.reduce(0, +)
    let recovered = recovery.map { "recovered in \($0.short) s" } ?? "did not recover"
    let verdict = violations == 0 ? "all checks passed" : "\(violations) VIOLATIONS"
    return "round \(number)  \(seconds.short) s  \(answered) answered, \(refused) refused, "
      + "\(unknown) unknown  \(faultCount) faults  \(leaderChanges) leaders  \(recovered)  "
      + verdict
  }
}

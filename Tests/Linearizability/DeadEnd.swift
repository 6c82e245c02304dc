// Where the search got stuck, for people.

/// The longest order that was found, and what cannot follow it.
struct DeadEnd<Operation, State> {
  static var shownCount: Int { 6 }

  let placedCount: Int
  let requiredCount: Int
  /// The end of the order.
  let last: [Operation]
  let state: State
  /// What was under way then: one of these would have to come next.
  let blocked: [Interval<Operation>]

  var explanation: String {
    var lines = ["\(placedCount) of \(requiredCount) answered operations can be put in order:"]
    if placedCount > last.count { lines.append("  ...") }
    lines += last.map { "  \($0)" }
    lines.append("then the state is \(state), and none of these can follow:")
    lines += blocked.prefix(2 * Self.shownCount).map { interval in
      "  \(interval.operation)  [\(interval.invoked), \(interval.returned!)]"
    }
    if blocked.count > 2 * Self.shownCount { lines.append("  ...") }
    return lines.joined(separator: "\n")
  }
}

// Operations of unknown outcome: an order may place them, and need not.

/// The operations of unknown outcome, in classes of equal ones.
///
/// Equal operations do the same, and none of them ever returns, so only the time before which
/// one cannot be placed tells them apart. If an order places any of a class, it can place the
/// one that was begun first instead: that one is allowed wherever a later one is. So within a
/// class only the order of their beginnings is tried, and *how many* are placed says all.
struct OptionalOperations<Operation: Hashable> {
  struct Class {
    let operation: Operation
    /// When its members were begun, earliest first.
    var invoked: [UInt64]
  }

  private(set) var classes: [Class] = []

  init(_ intervals: [Interval<Operation>]) {
    var positions: [Operation: Int] = [:]
    for interval in intervals.sorted(by: { $0.invoked < $1.invoked }) {
      if let position = positions[interval.operation] {
        classes[position].invoked.append(interval.invoked)
      } else {
        positions[interval.operation] = classes.count
        classes.append(Class(operation: interval.operation, invoked: [interval.invoked]))
      }
    }
  }

  /// Whether one more of a class can be placed before `time`, when `used` are placed already.
  func isAvailable(_ index: Int, used: [UInt16], before time: UInt64) -> Bool {
    let position = Int(used[index])
    return position < classes[index].invoked.count && classes[index].invoked[position] <= time
  }
}

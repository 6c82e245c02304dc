// Where the search has been, so that it goes nowhere twice.

/// The configurations that the search has visited (Lowe, section 4).
///
/// A configuration is what an order has placed and the state it led to. A
/// configuration with fewer operations of unknown outcome can go on in every way that one with more can, so a
/// configuration is not worth visiting when one was seen with the same required operations and
/// state, and no more of any class.
struct SeenConfigurations<State: Hashable> {
  private struct Key: Hashable {
    let placed: BitSet.Window
    let state: State
  }

  private var seen: [Key: [[UInt16]]] = [:]

  /// Notes a configuration; `false` if it need not be visited.
  mutating func insert(_ placed: BitSet, _ state: State, used: [UInt16]) -> Bool {
    let key = Key(placed: placed.window, state: state)
    guard let visited = seen[key] else {
      seen[key] = [used]
      return true
    }
    for other in visited where Self.isAtMost(other, used) { return false }
    seen[key] = visited.filter { !Self.isAtMost(used, $0) } + [used]
    return true
  }

  private static func isAtMost(_ left: [UInt16], _ right: [UInt16]) -> Bool {
    for index in left.indices where left[index] > right[index] { return false }
    return true
  }
}

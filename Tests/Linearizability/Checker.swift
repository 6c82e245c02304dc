// The search for an order of operations that explains a history.
//
// Wing and Gong, "Testing and verifying concurrent objects" (1993), with the memory of
// Lowe, "Testing for linearizability" (2017). Histories of several objects are to be split
// before (Herlihy and Wing, theorem 1; Horn and Kroening, "Faster linearizability checking via
// P-compositionality", 2015).

/// Checks histories against a model.
package struct Checker<Model: SequentialModel> {
  private let model: Model
  /// After how many tried operations to give up; `nil` for never.
  private let stepBudget: Int?

  package init(_ model: Model, stepBudget: Int? = nil) {
    self.model = model
    self.stepBudget = stepBudget
  }

  /// Whether the history has an order that explains it. The same history always gets the same
  /// verdict: no clock and no random number is involved.
  package func check(_ history: [Interval<Model.Operation>]) -> Verdict {
    var search = Search(model, history, stepBudget)
    return search.run()
  }
}

/// Where the search goes on from a configuration: the required operations first, then one of
/// each class of unknown outcome.
private enum Candidate {
  case required(item: Int)
  case unknown(index: Int)
}

/// One search, depth first.
private struct Search<Model: SequentialModel> {
  typealias Operation = Model.Operation

  private struct Placed {
    let candidate: Candidate
    let stateBefore: Model.State
  }

  private let model: Model
  private let budget: Int
  private let required: [Interval<Operation>]
  private let unknown: OptionalOperations<Operation>
  private var list: RequiredList
  private var placed: BitSet
  private var used: [UInt16]
  private var seen = SeenConfigurations<Model.State>()
  private var order: [Placed] = []
  private var state: Model.State
  private var remaining: Int
  private var steps = 0
  private var best: DeadEnd<Operation, Model.State>?

  init(_ model: Model, _ history: [Interval<Operation>], _ budget: Int?) {
    self.model = model
    self.budget = budget ?? .max
    required = history.filter { $0.returned != nil }.sorted { $0.invoked < $1.invoked }
    unknown = OptionalOperations(history.filter { $0.returned == nil })
    list = RequiredList(required.map { ($0.invoked, $0.returned!) })
    placed = BitSet(count: required.count)
    used = Array(repeating: 0, count: unknown.classes.count)
    state = model.initial
    remaining = required.count
  }

  mutating func run() -> Verdict {
    var candidate = firstCandidate()
    while remaining > 0 {
      if let trying = candidate {
        steps += 1
        if steps > budget { return .gaveUp(steps: steps - 1) }
        if place(trying) {
          candidate = firstCandidate()
        } else {
          candidate = following(trying)
        }
      } else {
        noteDeadEnd()
        guard let last = order.popLast() else { return .violation(best!.explanation) }
        takeBack(last)
        candidate = following(last.candidate)
      }
    }
    return .linearizable
  }

  // MARK: Candidates

  private func firstCandidate() -> Candidate? {
    let first = list.after(list.head)
    return list.isCall(first) ? .required(item: first) : nil
  }

  private func following(_ candidate: Candidate) -> Candidate? {
    var index = 0
    switch candidate {
    case .required(let item):
      let next = list.after(item)
      if list.isCall(next) { return .required(item: next) }
    case .unknown(let last):
      index = last + 1
    }
    guard index < unknown.classes.count else { return nil }
    let limit = list.firstReturn()
    while index < unknown.classes.count {
      if unknown.isAvailable(index, used: used, before: limit) { return .unknown(index: index) }
      index += 1
    }
    return nil
  }

  // MARK: Steps

  /// Places an operation next, unless its answer does not fit or the search was there before.
  private mutating func place(_ candidate: Candidate) -> Bool {
    guard let next = model.step(state, operation(of: candidate)) else { return false }
    // Doing nothing is never worth one of the operations of unknown outcome.
    if case .unknown = candidate, next == state { return false }
    mark(candidate)
    guard seen.insert(placed, next, used: used) else {
      unmark(candidate)
      return false
    }
    if case .required(let item) = candidate {
      list.lift(item >> 1)
      remaining -= 1
    }
    order.append(Placed(candidate: candidate, stateBefore: state))
    state = next
    return true
  }

  private mutating func takeBack(_ last: Placed) {
    if case .required(let item) = last.candidate {
      list.unlift(item >> 1)
      remaining += 1
    }
    unmark(last.candidate)
    state = last.stateBefore
  }

  private mutating func mark(_ candidate: Candidate) {
    switch candidate {
    case .required(let item): placed.insert(item >> 1)
    case .unknown(let index): used[index] += 1
    }
  }

  private mutating func unmark(_ candidate: Candidate) {
    switch candidate {
    case .required(let item): placed.remove(item >> 1)
    case .unknown(let index): used[index] -= 1
    }
  }

  private func operation(of candidate: Candidate) -> Operation {
    switch candidate {
    case .required(let item): required[item >> 1].operation
    case .unknown(let index): unknown.classes[index].operation
    }
  }

  // MARK: Explaining

  private mutating func noteDeadEnd() {
    let count = required.count - remaining
    if let best, best.placedCount >= count { return }
    var blocked: [Interval<Operation>] = []
    var item = list.after(list.head)
    while list.isCall(item) {
      blocked.append(required[item >> 1])
      item = list.after(item)
    }
    best = DeadEnd(
      placedCount: count, requiredCount: required.count,
      last: order.suffix(DeadEnd<Operation, Model.State>.shownCount).map {
        operation(of: $0.candidate)
      },
      state: state, blocked: blocked)
  }
}

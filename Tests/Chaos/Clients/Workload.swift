// What the clients do: a few keys that all of them fight over, and tasks of their own.

import Linearizability

/// One client of one round, which goes on until it is told to stop.
struct Workload {
  /// The keys of a round.
  struct Keys: Sendable {
    let prefix: String

    init(round: Int) { prefix = "r\(round)." }

    var registers: [String] { (0..<4).map { "\(prefix)register\($0)" } }
    var counters: [String] { (0..<2).map { "\(prefix)counter\($0)" } }
    var lists: [String] { (0..<2).map { "\(prefix)list\($0)" } }
    var all: [String] { registers + counters + lists }
    /// Always of one value.
    var twins: [String] { ["\(prefix)twin-a", "\(prefix)twin-b"] }

    /// The key that only one client writes, and that ends.
    func lease(of client: Int) -> String { "\(prefix)lease\(client)" }
  }

  static let clientCount = 10

  private let keys: Keys
  private var session: Session
  private var randomness: Randomness
  private var lastValue = 0
  /// The revision that this client last saw of a key, for conditional writes.
  private var seenRevisions: [String: UInt64] = [:]
  private var tasks: [String] = []
  /// The newest revision that this client has seen.
  private var newestRevision: UInt64 = 0

  init(_ session: Session, keys: Keys, randomness: Randomness) {
    self.session = session
    self.keys = keys
    self.randomness = randomness
  }

  /// Makes one operation after the other.
  mutating func run(_ history: History, until stop: StopSign) async {
    while !stop.isSet, !Task.isCancelled {
      let record = await session.perform(nextAction())
      history.add(record)
      learn(record)
      try? await Task.sleep(for: randomness.duration(5...60))
    }
  }

  private mutating func nextAction() -> Action {
    switch randomness.below(100) {
    case 0..<22: return .read(key: randomness.pick(keys.all))
    case 22..<26: return .read(key: keys.lease(of: session.client))
    case 26..<29:
      return .lease(
        key: keys.lease(of: session.client), value: newValue(),
        milliseconds: UInt64(randomness.below(2000) + 200))
    case 29..<31: return .setTogether(keys: keys.twins, value: newValue())
    case 31..<34:
      let revision = newestRevision - UInt64(randomness.below(Int(min(newestRevision, 200)) + 1))
      return .readPast(key: randomness.pick(keys.all + keys.twins), revision: revision)
    case 34..<39: return .readAll(prefix: keys.prefix)
    case 39..<55: return write(.none)
    case 55..<60: return write(.absent)
    case 60..<74: return conditionalWrite()
    case 74..<80: return .delete(key: randomness.pick(keys.registers))
    case 80..<88: return .increment(key: randomness.pick(keys.counters), by: 1)
    case 88..<93: return .append(key: randomness.pick(keys.lists), element: newValue())
    default: return taskAction()
    }
  }

  private mutating func write(_ condition: RegisterCondition) -> Action {
    .write(
      key: randomness.pick(keys.registers), value: .text(newValue()), condition: condition)
  }

  private mutating func conditionalWrite() -> Action {
    let key = randomness.pick(keys.registers)
    guard let revision = seenRevisions[key] else { return .read(key: key) }
    return .write(key: key, value: .text(newValue()), condition: .revision(revision))
  }

  private mutating func taskAction() -> Action {
    guard let id = tasks.last else { return .addTask(title: newValue()) }
    switch randomness.below(6) {
    case 0, 1: return .addTask(title: newValue())
    case 2: return .editTask(id: id, title: newValue(), completed: nil)
    case 3: return .editTask(id: id, title: nil, completed: randomness.isLucky(percent: 70))
    case 4: return .editTask(id: id, title: newValue(), completed: true)
    default:
      tasks.removeLast()
      return .removeTask(id: id)
    }
  }

  /// A text that nothing else of the run writes.
  private mutating func newValue() -> String {
    lastValue += 1
    return "\(keys.prefix)c\(session.client).\(lastValue)"
  }

  private mutating func learn(_ record: Record) {
    guard case .answered(let answer) = record.result else { return }
    newestRevision = max(newestRevision, record.revision ?? 0)
    switch (record.action, answer) {
    case (.read(let key), .pair(_, let revision)), (.write(let key, _, _), .pair(_, let revision)):
      seenRevisions[key] = revision
    case (_, .pairs(let pairs)):
      for (key, pair) in pairs { seenRevisions[key] = pair.revision }
    case (.addTask, .task(let task)):
      tasks.append(task.id)
    default: break
    }
  }
}

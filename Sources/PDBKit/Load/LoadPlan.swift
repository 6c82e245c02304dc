// What to ask of a cluster, and how fast.

import PDBClient
import PDBModel
import PDBStore

/// A load: which requests, how many at once, for how long.
public struct LoadPlan: Sendable {
  /// What the requests do.
  public enum Work: String, CaseIterable, Sendable {
    /// Sets random keys.
    case set
    /// Reads random keys.
    case get
    /// Adds tasks.
    case task
    /// Three reads for every set.
    case mixed
  }

  /// When the load ends.
  public enum Length: Sendable {
    /// After so many seconds.
    case seconds(Double)
    /// After so many requests.
    case requests(Int)
  }

  /// What the requests do.
  public var work: Work
  /// When the load ends.
  public var length: Length
  /// How many requests are on their way at once, each on a connection of its own.
  public var clients: Int
  /// Keys or tasks in every request that changes something.
  public var batch: Int
  /// How many different keys there are.
  public var keys: Int
  /// The length of a value that is set, in bytes without its quotes.
  public var valueBytes: Int
  /// Requests a second; `nil`: the next as soon as one is answered.
  public var rate: Double?
  /// Whether reads are content with what a node has.
  public var isStale: Bool
  /// Whether reads go to all nodes in turn. Changes go to the leader, no other node takes them.
  public var usesAllNodes: Bool

  /// A plan with these figures; it is not checked against the limits.
  public init(
    work: Work, length: Length, clients: Int, batch: Int, keys: Int, valueBytes: Int,
    rate: Double?, isStale: Bool, usesAllNodes: Bool
  ) {
    self.work = work
    self.length = length
    self.clients = clients
    self.batch = batch
    self.keys = keys
    self.valueBytes = valueBytes
    self.rate = rate
    self.isStale = isStale
    self.usesAllNodes = usesAllNodes
  }

  /// Whether there must be something to read.
  var reads: Bool { work == .get || work == .mixed }
}

/// One request of a load.
struct LoadRequest: Sendable {
  let kind: LoadReport.Kind
  let request: ClientRequest
  /// How many keys or tasks it is about.
  let count: Int
}

extension LoadPlan {
  /// The next request, drawn at random.
  func request() -> LoadRequest {
    switch work {
    case .get: read
    case .mixed: Int.random(in: 0..<4) == 0 ? change : read
    case .set: change
    case .task: add
    }
  }

  private var read: LoadRequest {
    let key = Bytes(utf8: key(.random(in: 0..<keys)))
    return LoadRequest(
      kind: .read,
      request: .get(ClientRequest.path(of: key), [], at: isStale ? .stale : .now), count: 1)
  }

  private var change: LoadRequest {
    let numbers = (0..<batch).map { _ in Int.random(in: 0..<keys) }
    return LoadRequest(
      kind: .change, request: ClientRequest(setting(numbers)), count: numbers.count)
  }

  /// Sets keys, by their numbers.
  func setting(_ numbers: [Int]) -> Change {
    let value = JSON.string(String(repeating: "v", count: valueBytes)).serialized()
    let pairs = numbers.map { NewPair(key: Bytes(utf8: key($0)), value: value) }
    return pairs.count == 1 ? .set(pairs[0], .none, .spare) : .setMany(pairs, .spare)
  }

  private var add: LoadRequest {
    let titles = (0..<batch).compactMap { _ in
      try? Title("bench \(UInt32.random(in: 0 ... .max))")
    }
    return LoadRequest(
      kind: .change, request: ClientRequest(.addTasks(titles)), count: titles.count)
  }

  /// The name of a key; names sort as the numbers do.
  func key(_ number: Int) -> String {
    let digits = String(number)
    return "bench/" + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
  }
}

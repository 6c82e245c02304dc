// What to ask of a cluster, and how fast.

/// A load: which requests, how many at once, for how long.
public struct LoadPlan: Sendable {
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

  public enum Length: Sendable {
    case seconds(Double)
    case requests(Int)
  }

  public var work: Work
  public var length: Length
  /// How many requests are on their way at once, each on a connection of its own.
  public var clients: Int
  /// Keys or tasks in every request that changes something.
  public var batch: Int
  /// How many different keys there are.
  public var keys: Int
  public var valueBytes: Int
  /// Requests a second; `nil`: the next as soon as one is answered.
  public var rate: Double?
  /// Whether reads are content with what a node has.
  public var isStale: Bool
  /// Whether reads go to all nodes in turn. Changes go to the leader, nobody else takes them.
  public var usesAllNodes: Bool

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
    let path = "/kv/\(key(.random(in: 0..<keys)))" + (isStale ? "?consistency=stale" : "")
    return LoadRequest(kind: .read, request: ClientRequest(.get, path), count: 1)
  }

  private var change: LoadRequest {
    setting((0..<batch).map { _ in .random(in: 0..<keys) })
  }

  /// Sets keys, by their numbers.
  func setting(_ numbers: [Int]) -> LoadRequest {
    let pairs = numbers.map { number -> JSON in
      ["key": .string(key(number)), "value": .string(value)]
    }
    return LoadRequest(
      kind: .change,
      request: ClientRequest(
        .post, "/set", body: pairs.count == 1 ? pairs[0] : ["pairs": .array(pairs)]),
      count: pairs.count)
  }

  private var add: LoadRequest {
    let titles = (0..<batch).map { _ in JSON.string("bench \(UInt32.random(in: 0 ... .max))") }
    let request =
      titles.count == 1
      ? ClientRequest(.post, "/tasks", body: ["title": titles[0]])
      : ClientRequest(.post, "/tasks/batch", body: ["titles": .array(titles)])
    return LoadRequest(kind: .change, request: request, count: titles.count)
  }

  /// The name of a key; names sort as the numbers do.
  func key(_ number: Int) -> String {
    let digits = String(number)
    return "bench/" + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
  }

  private var value: String { String(repeating: "v", count: valueBytes) }
}

// Listening to a cluster: when a node goes away, another one continues where it stopped.

import PDBModel
import PDBStore

/// The changes after a revision. Nothing is missed, and nothing comes twice.
actor RemoteChanges: RemoteStream {
  private let client: ClusterClient
  private let timeout: Duration
  private let filter: HistoryFilter
  /// The last revision that was told, or passed over.
  private var last: UInt64
  private var parser: EventParser
  private var attempts: Attempts
  /// When it is given up, unless a node answers before.
  private var deadline: ContinuousClock.Instant
  /// Whether a node has answered at all.
  private var isKnown = false
  /// The node that answers, and what it says.
  private var current: (node: NodeAddress, stream: ResponseStream)?

  init(_ client: ClusterClient, timeout: Duration, since: UInt64, _ filter: HistoryFilter) {
    self.client = client
    self.timeout = timeout
    self.filter = filter
    last = since
    parser = EventParser(lastID: since)
    attempts = client.attempts(isChange: false)
    deadline = .now + timeout
  }

  /// Returns when a node has begun to answer.
  func begin() async throws(PDBError) {
    while current == nil { try await connect() }
  }

  func next() async throws(PDBError) -> [ChangeEvent]? {
    while true {
      try await begin()
      guard let bytes = try await receive() else { continue }
      let events = parser.parse(bytes).compactMap(ChangeEvent.init)
      let before = last
      last = parser.lastID ?? last
      if !events.isEmpty { return events }
      // A sign of life, or word that nothing of interest has happened.
      if last > before || bytes.first == UInt8(ascii: ":") { return [.position(last)] }
    }
  }

  private func connect() async throws(PDBError) {
    let node = attempts.next()
    let path = ClientRequest.get("/events", [("since", String(last))] + filter.parameters).path
    switch try await client.open(path, from: node, isolation: self) {
    case .open(let stream):
      current = (node, stream)
      parser = EventParser(lastID: last)
      isKnown = true
    case .failed(let result): try await moveOn(from: node, after: result)
    }
  }

  /// The next bytes of the stream that is open; `nil` if it ended.
  private func receive() async throws(PDBError) -> Bytes? {
    guard let node = current?.node, var stream = current?.stream else { return nil }
    let result: Attempts.Result
    do {
      if let bytes = try await stream.next(isolation: self) {
        current = (node, stream)
        return bytes
      }
      result = .lost("the stream ended")
    } catch {
      if Task.isCancelled { throw .cancelled }
      result = ClusterClient.result(error)
    }
    current = nil
    // Every node has its chance again, after the one that went away.
    attempts = Attempts(addresses: [node] + client.addresses, isChange: false)
    _ = attempts.next()
    deadline = .now + timeout
    try await moveOn(from: node, after: result)
    return nil
  }

  private func moveOn(
    from node: NodeAddress, after result: Attempts.Result
  ) async throws(PDBError) {
    guard ContinuousClock.now < deadline else { throw attempts.failure }
    switch attempts.record(result, of: node) {
    case .hop(let next, let reason): client.notify(.hop(from: node, to: next, reason: reason))
    // Nodes that answered before may come back, even after all were away at once.
    case .failed(let error) where !isKnown || error.code != .unreachable: throw error
    case .done, .failed, .pause:
      do { try await Task.sleep(for: ClusterClient.pause) } catch { throw .cancelled }
    }
  }
}

extension ChangeEvent {
  /// `nil` for an event of another kind.
  fileprivate init?(_ event: ServerEvent) {
    guard let json = try? JSON(parsing: event.data.utf8, depth: Limits.jsonDepth + 16) else {
      return nil
    }
    switch event.name {
    case "change":
      guard let revision = Revision(json: json) else { return nil }
      self = .change(revision)
    case "reset":
      guard let revision = json["revision"]?.uint64 else { return nil }
      self = .reset(revision: revision, compacted: json["compacted"]?.uint64 ?? 0)
    default: return nil
    }
  }
}

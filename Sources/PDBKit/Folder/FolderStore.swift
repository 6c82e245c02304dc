// A folder as callers have it: its files, or the node that serves them just now.

public import PDBClient
public import PDBModel
public import PDBStore

import struct Foundation.UUID

/// A folder that holds data, `.pdb` as a rule.
///
/// It needs no server. While a node has the folder's files, the node is asked; a change that was on
/// its way when the node came or went is made once all the same.
public final class FolderStore: Store {
  private let files: FolderFiles
  private let timeout: Duration
  private let author: String
  /// Asks the nodes that have the files.
  private let client: ClusterClient

  /// - Parameters:
  ///   - folder: where the files are.
  ///   - client: is told where the nodes are that have the files, and which cluster they must be of; the
  ///     caller shuts it down.
  ///   - author: who makes the changes, for the history.
  ///   - timeout: how long one request may take, waiting for other programs included.
  public init(
    _ folder: DataFolder, client: ClusterClient, author: String = "",
    timeout: Duration = .seconds(10)
  ) {
    files = FolderFiles(FolderEngine(folder, patience: timeout), author: author)
    self.client = client
    self.timeout = timeout
    self.author = author
  }

  /// Asks whoever has the files, and again when that changes meanwhile.
  private func ask<T>(
    _ body: (any Store) async throws(PDBError) -> T
  ) async throws(PDBError) -> T {
    let end = ContinuousClock.now + timeout
    var last: PDBError?
    while true {
      let served: PDBError
      do { return try await body(files) } catch {
        guard error.servingNodes != nil else {
          // Where the files tell nothing, what is not known of the attempt before stays so.
          throw Self.silent.contains(error.code) ? last ?? error : error
        }
        served = error
      }
      client.follow(served.servingNodes!, of: served.servedCluster)
      do { return try await body(RemoteStore(client, timeout: timeout)) } catch {
        // The node that has the files may just have begun, or ended.
        let mayPass = served.code == .dataInUse && Self.passing.contains(error.code)
        guard mayPass, ContinuousClock.now < end else {
          throw error.code == .unreachable ? served : error
        }
        last = error.outcome == .unknown ? error : nil
        do { try await Task.sleep(for: .milliseconds(10)) } catch { throw .cancelled }
      }
    }
  }

  private static let silent: Set<PDBError.Code> = [.dataInUse, .noLeader, .diskFull]
  private static let passing: Set<PDBError.Code> = [
    .unreachable, .stopping, .noLeader, .unknownOutcome,
  ]

  /// The nodes that must be asked; `nil` as long as the files can be used.
  ///
  /// - Throws: `no_leader` if nodes must be asked and none is known to run.
  public var nodes: (addresses: [NodeAddress], cluster: ClusterIdentity?)? {
    get async throws(PDBError) {
      do { try await files.engine.inTurn { _ in } } catch {
        let error = PDBError(reading: error)
        guard let nodes = error.servingNodes else { throw error }
        return (nodes, error.servedCluster)
      }
      return nil
    }
  }

  /// The folder's cluster.
  public func identity() async throws(PDBError) -> ClusterIdentity {
    try await ask { store throws(PDBError) in try await store.identity() }
  }

  /// Makes a change; returns when it is durable.
  public func apply(_ change: Change, from origin: Origin) async throws(PDBError) -> Receipt {
    var origin = origin
    origin.author = origin.author ?? author
    let given = origin.request
    let request = Origin.RequestID(
      given?.id ?? UUID().uuidString,
      fingerprint: given?.fingerprint ?? ClientRequest(change).fingerprint, age: given?.age,
      knownRevision: given?.knownRevision)
    origin.request = request
    let first = ContinuousClock.now
    var known: UInt64?
    var isRetry = false
    return try await ask { store throws(PDBError) in
      var origin = origin
      if isRetry {
        origin.request = Origin.RequestID(
          request.id, fingerprint: request.fingerprint, age: first.duration(to: .now),
          knownRevision: request.knownRevision ?? known)
      }
      if store is RemoteStore {
        // What was known before the first attempt tells later whether it would be remembered.
        if !isRetry {
          known = client.newestRevision
          if known == nil { known = try await store.settings(at: .stale).revision }
        }
        isRetry = true
      }
      return try await store.apply(change, from: origin)
    }
  }

  /// Reads one key.
  public func get(_ key: Bytes, at moment: Moment) async throws(PDBError) -> Read<Pair?> {
    try await ask { store throws(PDBError) in try await store.get(key, at: moment) }
  }

  /// Reads pairs in the order of their keys.
  public func pairs(_ query: PairQuery, at moment: Moment) async throws(PDBError) -> Listing<Pair> {
    try await ask { store throws(PDBError) in try await store.pairs(query, at: moment) }
  }

  /// Reads one task.
  public func task(
    _ reference: TaskReference, at moment: Moment
  ) async throws(PDBError) -> Read<VersionedTask> {
    try await ask { store throws(PDBError) in try await store.task(reference, at: moment) }
  }

  /// Reads tasks, the newest first.
  public func tasks(
    _ query: TaskQuery, at moment: Moment
  ) async throws(PDBError) -> Listing<VersionedTask> {
    try await ask { store throws(PDBError) in try await store.tasks(query, at: moment) }
  }

  /// Reads one revision.
  public func revision(
    _ number: UInt64, at moment: Moment
  ) async throws(PDBError) -> Read<Revision> {
    try await ask { store throws(PDBError) in try await store.revision(number, at: moment) }
  }

  /// Reads a page of the history.
  public func history(
    _ query: HistoryQuery, at moment: Moment
  ) async throws(PDBError) -> HistoryPage {
    try await ask { store throws(PDBError) in try await store.history(query, at: moment) }
  }

  /// Compares two states.
  public func differences(
    _ query: DifferenceQuery, at moment: Moment
  ) async throws(PDBError) -> Differences {
    try await ask { store throws(PDBError) in try await store.differences(query, at: moment) }
  }

  /// Reads the tags.
  public func tags(at moment: Moment) async throws(PDBError) -> Read<[Tag]> {
    try await ask { store throws(PDBError) in try await store.tags(at: moment) }
  }

  /// Listens to changes, whoever makes them.
  public func changes(
    since revision: UInt64?, _ filter: HistoryFilter, at moment: Moment
  ) async throws(PDBError) -> ChangeStream {
    let stream = try await ask { store throws(PDBError) in
      try await store.changes(since: revision, filter, at: moment)
    }
    return ChangeStream(
      after: stream.start,
      LastingChanges(stream) { [self] last throws(PDBError) in
        try await ask { store throws(PDBError) in
          try await store.changes(since: last, filter, at: .now)
        }
      })
  }

  /// Reads all pairs of one revision.
  public func export(prefix: Bytes, at moment: Moment) async throws(PDBError) -> Listing<Pair> {
    try await ask { store throws(PDBError) in try await store.export(prefix: prefix, at: moment) }
  }

  /// How many parts of an import are put aside.
  public func stagedParts(of importID: String, at moment: Moment) async throws(PDBError) -> Int {
    try await ask { store throws(PDBError) in
      try await store.stagedParts(of: importID, at: moment)
    }
  }

  /// Reads the settings that hold.
  public func settings(at moment: Moment) async throws(PDBError) -> Read<Settings> {
    try await ask { store throws(PDBError) in try await store.settings(at: moment) }
  }

  /// The whole state of one revision.
  public func backup(at moment: Moment) async throws(PDBError) -> ByteStream {
    try await ask { store throws(PDBError) in try await store.backup(at: moment) }
  }
}

/// A stream that goes on where another one ended because a node came or went.
private struct LastingChanges: BatchSource {
  private var stream: ChangeStream.Iterator
  private var last: UInt64
  private let again: @Sendable (UInt64) async throws(PDBError) -> ChangeStream

  init(
    _ stream: ChangeStream,
    again: @escaping @Sendable (UInt64) async throws(PDBError) -> ChangeStream
  ) {
    self.stream = stream.makeAsyncIterator()
    self.again = again
    last = stream.start
  }

  mutating func next() async throws(PDBError) -> [ChangeEvent]? {
    while true {
      do {
        if let events = try await stream.next() {
          last = events.last?.revision ?? last
          return events
        }
      } catch {
        guard error.servingNodes != nil || error.code == .unreachable else { throw error }
      }
      stream = try await again(last).makeAsyncIterator()
    }
  }
}

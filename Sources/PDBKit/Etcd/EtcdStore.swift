// The store of data that are in an etcd.

import Foundation
import PDBCoordinator
package import PDBLocal
package import PDBModel
package import PDBStore

/// The data below one prefix of an etcd.
package final class EtcdStore: LocalStore {
  package let engine: EtcdEngine
  package let author: String
  package let address: EtcdAddress
  /// Other programs change what is there: nothing of it can be kept from one list to the next.
  package var order: KnownTaskOrder { KnownTaskOrder() }

  /// - Parameters:
  ///   - author: who makes the changes, for the history.
  ///   - timeout: how long one request may take.
  /// - Throws: `bad_configuration` for certificates that cannot be read.
  package init(
    _ address: EtcdAddress, _ access: EtcdAccess = EtcdAccess(), author: String = "",
    timeout: Duration = .seconds(10)
  ) throws(PDBError) {
    engine = try EtcdEngine(address, access, patience: timeout)
    self.author = author
    self.address = address
  }

  package func shutdown() async { await engine.shutdown() }

  package func identity() async throws(PDBError) -> ClusterIdentity {
    let identity: ClusterIdentity?
    do { identity = try await engine.identity() } catch { throw PDBError(reading: error) }
    guard let identity else {
      throw PDBError(
        .noInput, "there is no database at \(address)", hint: "pdb init --db \(address)")
    }
    return identity
  }

  /// Makes the database, if there is none.
  ///
  /// - Returns: whether there was none.
  package func begin() async throws(PDBError) -> Bool {
    func digits(_ number: UInt64) -> String { String(number, radix: 16) }
    let identity = ClusterIdentity(
      cluster: digits(.random(in: 1 ... .max)), birth: digits(.random(in: 1 ... .max)))
    do {
      if try await engine.identity() != nil { return false }
      return try await engine.begin(identity)
    } catch { throw PDBError(changing: error) }
  }

  package func apply(_ change: Change, from origin: Origin) async throws(PDBError) -> Receipt {
    do { return try await make(change, from: origin) } catch {
      guard error.code == .notSupported, let front = try? await fronts().first else { throw error }
      throw PDBError(
        error.code, error.message, outcome: error.outcome,
        hint: "the node at \(front.address) does:  --node \(front.address)")
    }
  }

  package func changes(
    since revision: UInt64?, _ filter: HistoryFilter, at moment: Moment
  ) async throws(PDBError) -> ChangeStream {
    let start = try await start(revision, moment)
    return ChangeStream(after: start, EtcdChanges(self, after: start, filter))
  }

  package func backup(at moment: Moment) async throws(PDBError) -> ByteStream {
    throw Self.cannotCopy
  }

  static let cannotCopy = PDBError(
    .notSupported, "a backup with its history is made of pdb's own files, not of an etcd",
    hint: "'etcdctl snapshot save' keeps all of it; 'pdb export' writes what there is now")
}

/// Watches for as long as somebody listens.
private struct EtcdChanges: BatchSource {
  private final class Watch: Sendable {
    private let task: Task<Void, Never>

    init(_ engine: EtcdEngine) { task = Task { await engine.watch() } }

    deinit { task.cancel() }
  }

  private let watch: Watch
  private var source: ChangeFeedSource

  init(_ store: EtcdStore, after start: UInt64, _ filter: HistoryFilter) {
    watch = Watch(store.engine)
    source = ChangeFeedSource(store.engine.feed, after: start, filter) { since throws(PDBError) in
      try await store.events(after: since, filter)
    }
  }

  mutating func next() async throws(PDBError) -> [ChangeEvent]? { try await source.next() }
}

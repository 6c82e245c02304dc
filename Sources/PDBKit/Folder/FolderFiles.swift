// The store of a folder's files, as long as no node has them.

import PDBCoordinator
package import PDBLocal
package import PDBModel
package import PDBStore

/// The data of one folder.
package final class FolderFiles: LocalStore {
  package let engine: FolderEngine
  package let author: String
  /// Other programs change what is there: nothing of it can be kept from one list to the next.
  package var order: KnownTaskOrder { KnownTaskOrder() }

  init(_ engine: FolderEngine, author: String) {
    self.engine = engine
    self.author = author
  }

  package func identity() async throws(PDBError) -> ClusterIdentity {
    let cluster: String
    do { cluster = try await engine.inTurn { $0.identity.cluster } } catch {
      throw PDBError(reading: error)
    }
    return try await read(.now, .keys) { view, _ in
      let birth = try view.get(SystemKeys.birth)?.value
      return ClusterIdentity(
        cluster: cluster, birth: birth.map { String(decoding: $0, as: UTF8.self) })
    }
  }

  package func changes(
    since revision: UInt64?, _ filter: HistoryFilter, at moment: Moment
  ) async throws(PDBError) -> ChangeStream {
    let start = try await start(revision, moment)
    return ChangeStream(after: start, FolderChanges(self, after: start, filter))
  }
}

/// Looks now and then whether somebody wrote.
private struct FolderChanges: BatchSource {
  private let files: FolderFiles
  private let filter: HistoryFilter
  /// The last revision that was told, or passed over.
  private var last: UInt64
  /// What the log's end was when the history was read last.
  private var end: UInt64?
  private var silence = ContinuousClock.now

  init(_ files: FolderFiles, after start: UInt64, _ filter: HistoryFilter) {
    self.files = files
    self.filter = filter
    last = start
  }

  mutating func next() async throws(PDBError) -> [ChangeEvent]? {
    while true {
      let newest = files.engine.endOfLog
      if newest != end || end == nil {
        let events = try await files.events(after: last, filter)
        end = newest
        let isNews = events.last?.revision != last
        last = events.last?.revision ?? last
        // A batch may have been full.
        if isNews { end = nil }
        if isNews || silence.duration(to: .now) > Self.pulse {
          silence = .now
          return events
        }
      } else if silence.duration(to: .now) > Self.pulse {
        silence = .now
        return [.position(last)]
      }
      do { try await Task.sleep(for: Self.pause) } catch { throw .cancelled }
    }
  }

  private static let pause = Duration.milliseconds(50)
  private static let pulse = Duration.seconds(2)
}

// Listening.

import PDBCoordinator
import PDBLocal
package import PDBModel
package import PDBStore

extension ClusterStore {
  package func changes(
    since revision: UInt64?, _ filter: HistoryFilter, at moment: Moment
  ) async throws(PDBError) -> ChangeStream {
    // This node may lag behind the one that told the last revision.
    let isKnown = revision.map { $0 <= engine.status.mark.revision } ?? false
    let start = if let revision, isKnown { revision } else { try await start(revision, moment) }
    let source = ChangeFeedSource(engine.feed, after: start, filter) {
      [self] since throws(PDBError) in try await events(after: since, filter)
    }
    return ChangeStream(after: start, source)
  }
}

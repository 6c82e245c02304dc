// A state that stays as it is while others change it: etcd keeps it until it is compacted.

package import PDBCoordinator
package import PDBLocal
package import PDBModel

/// What there was at a revision of etcd, to be read piece by piece.
package struct EtcdSnapshot: FrozenState {
  let engine: EtcdEngine
  let record: MarkRecord
  let revision: Int64

  package var mark: StateMark { record.mark }

  init(engine: EtcdEngine, mark: MarkRecord, revision: Int64) {
    (self.engine, record, self.revision) = (engine, mark, revision)
  }

  package func read<T: Sendable>(
    _ body: @escaping @Sendable (any StateView) throws -> T
  ) async throws -> T {
    try await engine.read(self, body)
  }
}

// A backup on its way out, piece by piece of one view of the state.

import PDBModel
import PDBStorage
import PDBStore

/// The bytes of a backup.
struct BackupSource: BatchSource {
  private let snapshot: StateSnapshot
  private var encoder = Backup.Encoder()
  private var position: StateSnapshot.Position? = .beginning(.current)

  init(_ snapshot: StateSnapshot) { self.snapshot = snapshot }

  /// The bytes before all pieces.
  mutating func head(_ cluster: String) -> Bytes {
    encoder.head(Backup.Head(cluster: cluster, time: .now, mark: snapshot.mark))
  }

  mutating func next() async throws(PDBError) -> Bytes? {
    guard let position else { return nil }
    if case .end = position {
      self.position = nil
      return encoder.end()
    }
    let piece: (bytes: Bytes, next: StateSnapshot.Position)
    do { piece = try await snapshot.piece(at: position) } catch { throw PDBError(reading: error) }
    self.position = piece.next
    return encoder.piece(piece.bytes)
  }
}

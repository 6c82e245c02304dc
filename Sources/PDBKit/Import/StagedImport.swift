// Sending an import: its parts, which the store puts aside, then the change that makes them visible.

public import PDBModel
public import PDBStore

/// An import that is put aside in a store part by part, and then made visible at once.
public struct StagedImport: Sendable {
  private let file: ImportFile
  private let existing: ExistingKeys
  private let parts: [[NewPair]]

  private static let partPairs = 2_000
  private static let partBytes = 384 << 10

  /// - Parameter existing: what to do with keys that exist with another value.
  public init(_ file: ImportFile, existing: ExistingKeys) {
    self.file = file
    self.existing = existing
    var parts: [[NewPair]] = []
    var bytes = 0
    for pair in file.pairs {
      let size = pair.json.serialized().count
      if parts.isEmpty || bytes + size > Self.partBytes || parts.last!.count >= Self.partPairs {
        parts.append([])
        bytes = 0
      }
      parts[parts.count - 1].append(pair)
      bytes += size
    }
    self.parts = parts
  }

  /// Sends what is not there yet and makes it visible.
  ///
  /// - Parameter progress: how many pairs have come.
  /// - Throws: ``PDBError``; then nothing of the file is visible. After an interruption the
  ///   same import goes on where it stopped.
  public func run(
    _ store: some Store, _ progress: (Int) -> Void
  ) async throws(PDBError) -> Receipt {
    let known = try await store.stagedParts(of: file.id, at: .now)
    var done = 0
    for (number, pairs) in parts.enumerated() {
      if number >= known {
        let part = ImportPart(id: file.id, number: UInt64(number), pairs: pairs)
        try await store.apply(.stageImport(part))
      }
      done += pairs.count
      progress(done)
    }
    do {
      return try await store.apply(
        .commitImport(id: file.id, parts: UInt64(parts.count), existing))
    } catch  where error.code == .conflict {
      // It will not do as it is, so it is not taken up again.
      _ = try? await store.apply(.discardImport(id: file.id))
      throw error
    }
  }
}

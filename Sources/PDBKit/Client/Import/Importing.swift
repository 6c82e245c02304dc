// Sending an import: its parts, then the word that makes them visible.

/// An import on its way to a cluster.
public struct Importing: Sendable {
  private let file: ImportFile
  private let existing: String
  private let parts: [[JSON]]

  private static let partPairs = 2_000
  private static let partBytes = 384 << 10
  /// The whole becomes visible in one go, which may take a while.
  private static let commitPatience = Duration.seconds(600)

  /// - Parameter existing: what to do with keys that exist: `refuse`, `replace` or `keep`.
  public init(_ file: ImportFile, existing: String) {
    self.file = file
    self.existing = existing
    var parts: [[JSON]] = []
    var bytes = 0
    for pair in file.pairs {
      let size = pair.serialized().count
      if parts.isEmpty || bytes + size > Self.partBytes || parts.last!.count >= Self.partPairs {
        parts.append([])
        bytes = 0
      }
      parts[parts.count - 1].append(pair)
      bytes += size
    }
    self.parts = parts
  }

  /// Sends what is not there yet and makes it visible; returns the answer of the cluster.
  ///
  /// - Parameter progress: how many pairs have come.
  /// - Throws: ``PDBError``; then nothing of the file is visible. After an interruption the
  ///   same import goes on where it stopped.
  public func run(
    _ client: ClusterClient, _ progress: (Int) -> Void
  ) async throws -> ClientAnswer {
    let path = "/import/\(file.id)"
    let known = try await client.send(ClientRequest(.get, path)).json["parts"]?.int64 ?? 0
    var done = 0
    for (number, pairs) in parts.enumerated() {
      if number >= known {
        _ = try await client.send(
          ClientRequest(
            .post, path, body: ["part": JSON(number), "pairs": .array(pairs)]))
      }
      done += pairs.count
      progress(done)
    }
    do {
      return try await client.send(
        ClientRequest(
          .post, path + "/commit",
          body: ["parts": JSON(parts.count), "existing": .string(existing)]),
        within: Self.commitPatience)
    } catch let error as PDBError where error.code == .conflict {
      // It will not do as it is, so nobody will go on with it.
      _ = try? await client.send(ClientRequest(.delete, path))
      throw error
    }
  }
}

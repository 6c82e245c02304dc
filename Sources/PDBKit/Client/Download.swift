// Data in bulk from one node: an export, a backup.

import PDBModel
import PDBStore

/// What one node sends, chunk by chunk, to its end.
actor Download: RemoteStream {
  private let client: ClusterClient
  private let timeout: Duration
  private let path: String
  private var target: NodeAddress?
  private var stream: ResponseStream?
  private var end: DownloadEnd

  init(_ client: ClusterClient, timeout: Duration, _ path: String) {
    self.client = client
    self.timeout = timeout
    self.path = path
    end = DownloadEnd(of: path)
  }

  /// Returns when a node has begun to answer: the revision that it sends.
  ///
  /// - Throws: what kept all nodes from answering.
  func begin() async throws(PDBError) -> UInt64 {
    var attempts = client.attempts(isChange: false)
    let deadline = ContinuousClock.now + timeout
    while true {
      let address = attempts.next()
      let result: Attempts.Result
      switch try await client.open(path, from: address, isolation: self) {
      case .open(let opened):
        (stream, target) = (opened, address)
        return opened.revision ?? 0
      case .failed(let failure): result = failure
      }
      guard ContinuousClock.now < deadline else { throw attempts.failure }
      switch attempts.record(result, of: address) {
      case .failed(let error): throw error
      case .hop(let next, let reason): client.notify(.hop(from: address, to: next, reason: reason))
      case .done, .pause:
        do { try await Task.sleep(for: ClusterClient.pause) } catch { throw .cancelled }
      }
    }
  }

  /// - Throws: `bad_answer` if what came is not whole, `unreachable` if the node goes away.
  func next() async throws(PDBError) -> Bytes? {
    guard var current = stream else { return nil }
    let bytes: Bytes?
    do { bytes = try await current.next(isolation: self) } catch {
      if Task.isCancelled { throw .cancelled }
      throw PDBError(
        .unreachable, "'\(target.map { "\($0)" } ?? path)' went away half-way", hint: "try again")
    }
    guard let bytes else {
      stream = nil
      guard end.isReached else {
        throw PDBError(
          .badAnswer,
          "what '\(target.map { "\($0)" } ?? path)' sent has no end: a part of it is missing",
          hint: "try again, or name another node with --node")
      }
      return nil
    }
    stream = current
    end.take(bytes)
    return bytes
  }
}

/// The pairs of an export as they come.
struct RemotePairs: BatchSource {
  let download: Download
  /// The beginning of a line whose end is still to come.
  private var rest: Bytes = []

  init(download: Download) { self.download = download }

  mutating func next() async throws(PDBError) -> [Pair]? {
    while let bytes = try await download.next() {
      let pairs = try take(bytes)
      if !pairs.isEmpty { return pairs }
    }
    return nil
  }

  private mutating func take(_ bytes: Bytes) throws(PDBError) -> [Pair] {
    var pairs: [Pair] = []
    rest += bytes
    guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    for line in rest[..<end].split(separator: UInt8(ascii: "\n")) {
      guard let json = try? JSON(parsing: line, depth: Limits.jsonDepth + 8) else {
        throw PDBError(.badAnswer, "a line of the export is not JSON")
      }
      if json["pdb_export"] != nil || json["pdb_export_end"] != nil { continue }
      guard let pair = Pair(json: json) else {
        throw PDBError(.badAnswer, "a line of the export is no pair")
      }
      pairs.append(pair)
    }
    rest.removeSubrange(...end)
    return pairs
  }
}

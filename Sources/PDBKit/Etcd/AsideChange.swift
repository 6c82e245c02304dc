// Changes that are larger than one request of etcd.
//
//   what is written -> put aside, piece by piece -> mark with `pending` -> put in its place, piece by piece
//                                                                       -> mark without it
//
// The mark with `pending` is what makes the change: before it, what lies aside is nothing; from then on,
// whoever reads or writes next finishes the change first. Finishing compares the mark in every
// step, so that several programs may do so at once, and late copies of a step do nothing.

import PDBModel

/// A change that is made, and whose keys are not all where they belong.
struct AsideChange {
  let mark: MarkRecord
  /// etcd's revision of the change that made the mark.
  let modified: Int64
  /// How many keys were put aside.
  let count: UInt64

  /// - Returns: `nil` if the mark says that nothing is pending.
  init?(_ mark: MarkRecord, modified: Int64) {
    guard let count = mark.pending else { return nil }
    (self.mark, self.modified, self.count) = (mark, modified, count)
  }

  /// etcd takes 1.5 MiB if nobody told it otherwise (`--max-request-bytes`).
  fileprivate static let requestBytes = 1 << 20

  fileprivate static func size(_ place: Bytes, _ value: Bytes?) -> Int {
    place.count + (value?.count ?? 0) + 32
  }

  /// Whether it is too much for one request.
  static func isNeeded(for written: [Bytes: Bytes?]) -> Bool {
    written.reduce(0) { $0 + size($1.key, $1.value) } > requestBytes
  }
}

/// What fits into one request of etcd.
private struct Batch {
  private(set) var requests: [EtcdRequest] = []
  private var size = 0

  /// - Returns: what was gathered before, if there is no room beside it.
  mutating func add(_ request: EtcdRequest, _ place: Bytes, _ value: Bytes?) -> [EtcdRequest]? {
    let more = AsideChange.size(place, value)
    var full: [EtcdRequest]?
    if size + more > AsideChange.requestBytes, !requests.isEmpty {
      full = requests
      (requests, size) = ([], 0)
    }
    requests.append(request)
    size += more
    return full
  }
}

extension EtcdEngine {
  /// Puts what is to be written where nobody looks for it.
  ///
  /// - Parameter nonce: that of the mark to come.
  func putAside(
    _ written: [Bytes: Bytes?], _ nonce: UInt64, until end: ContinuousClock.Instant
  ) async throws {
    func put(_ requests: [EtcdRequest]) async throws {
      _ = try await gateway.ask(
        "/v3/kv/txn", ["success": .array(EtcdRequest.parts(requests))], until: end)
    }
    var batch = Batch()
    for (place, value) in written {
      let aside = layout.aside(nonce, place, isRemoved: value == nil)
      if let full = batch.add(.put(aside, value ?? []), aside, value) { try await put(full) }
    }
    try await put(batch.requests)
  }

  /// Puts what lies aside where it belongs. Another program may do the same.
  ///
  /// - Parameter revision: a revision of etcd at which the mark was that of the change.
  func finish(
    _ change: AsideChange, at revision: Int64, until end: ContinuousClock.Instant
  ) async throws {
    let nonce = change.mark.nonce
    /// - Returns: whether it was not finished yet.
    func make(_ requests: [EtcdRequest]) async throws -> Bool {
      let body: JSON = [
        "compare": .array(isStill(change.mark, modified: change.modified)),
        "success": .array(EtcdRequest.parts(requests)),
      ]
      return try await gateway.ask("/v3/kv/txn", body, until: end)["succeeded"]?.bool == true
    }
    var batch = Batch()
    var rest = layout.aside(nonce)
    var (count, window) = (UInt64(0), 1)
    while !rest.isEmpty {
      let answer = try await ranges(
        [.init(rest, limit: window)], at: revision, window: window, until: end)
      let (pairs, more) = answer.found[0]
      for pair in pairs {
        guard let (place, isRemoved) = layout.target(ofAside: pair.key, nonce) else {
          throw strange(pair.key)
        }
        let request = isRemoved ? EtcdRequest.delete(place) : .put(place, pair.value)
        if let full = batch.add(request, place, pair.value), try await !make(full) { return }
      }
      count += UInt64(pairs.count)
      let bytes = pairs.reduce(0) { $0 + $1.value.count }
      window = bytes > AsideChange.requestBytes ? max(1, window / 2) : min(window * 2, 1024)
      guard more, let last = pairs.last else { break }
      rest = KeyRange(last.key + [0], rest.upper)
    }
    guard count == change.count else { throw strange(rest.lower) }
    guard try await make(batch.requests) else { return }
    // What an unfinished attempt left aside goes, too: who made it compares an older mark.
    _ = try await make([
      .put(layout.mark, MarkRecord(change.mark.mark).encoded), .deleteAll(layout.aside),
    ])
  }
}

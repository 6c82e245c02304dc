// Changes that are larger than one request of etcd.
//
//   what is written -> put aside, piece by piece -> mark with `pending` -> put in its place, piece by piece
//                                                                       -> mark without it
//
// The mark with `pending` is what makes the change: before it, what lies aside is nothing; from then on,
// the next reader or writer finishes the change first. Finishing compares the mark in every
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
  static let requestBytes = 1 << 20

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
  mutating func add(_ new: [EtcdRequest], _ more: Int) -> [EtcdRequest]? {
    var full: [EtcdRequest]?
    if size + more > AsideChange.requestBytes, !requests.isEmpty {
      full = requests
      (requests, size) = ([], 0)
    }
    requests += new
    size += more
    return full
  }
}

extension EtcdEngine {
  /// Puts what is to be written where it means nothing yet.
  ///
  /// - Parameters:
  ///   - nonce: that of the mark to come.
  ///   - mark: the mark that the change follows; once it has moved, the change cannot be made on it.
  /// - Returns: whether the mark has not moved meanwhile.
  func putAside(
    _ written: [Bytes: Bytes?], _ nonce: UInt64, after mark: MarkRecord, modified: Int64,
    until end: ContinuousClock.Instant
  ) async throws -> Bool {
    let compare = isStill(mark, modified: modified)
    func put(_ requests: [EtcdRequest]) async throws -> Bool {
      // What moves a piece later has a longer mark to compare and one more key: a piece that fits here must
      // fit there, so this request is made larger than that one.
      var padding: [JSON] = []
      if case .put(let aside, _)? = requests.last {
        padding.append(EtcdRequest.range(KeyRange(aside), limit: 1, revision: 0).json)
      }
      let body: JSON = [
        "compare": .array(compare + compare), "success": .array(EtcdRequest.parts(requests)),
        "failure": .array(padding),
      ]
      return try await gateway.ask("/v3/kv/txn", body, until: end)["succeeded"]?.bool == true
    }
    var batch = Batch()
    for (place, value) in written {
      let aside = layout.aside(nonce, place, isRemoved: value == nil)
      let size = AsideChange.size(aside, value)
      if let full = batch.add([.put(aside, value ?? [])], size), try await !put(full) {
        return false
      }
    }
    return try await put(batch.requests)
  }

  /// Removes what a change has put aside that was not made. Its mark can never come: the one that it
  /// compares has moved, or nothing was sent that moves it.
  func takeBack(_ nonce: UInt64) async {
    // What stays means nothing, and goes with the next large change.
    let body: JSON = ["success": [EtcdRequest.deleteAll(layout.aside(nonce)).json]]
    _ = try? await gateway.ask("/v3/kv/txn", body, until: .now + .seconds(1))
  }

  /// Puts what lies aside where it belongs. Another program may do the same; each step moves some keys for
  /// good, so that what one program leaves undone the next one goes on with.
  func finish(_ change: AsideChange, until end: ContinuousClock.Instant) async throws {
    let nonce = change.mark.nonce
    /// - Returns: whether it was not finished yet.
    func make(_ requests: [EtcdRequest]) async throws -> Bool {
      let body: JSON = [
        "compare": .array(isStill(change.mark, modified: change.modified)),
        "success": .array(EtcdRequest.parts(requests)),
      ]
      return try await gateway.ask("/v3/kv/txn", body, until: end)["succeeded"]?.bool == true
    }
    try await checkCompleteness(of: change, until: end)
    var window = RangeWindow(of: 1, most: 1024, bytes: AsideChange.requestBytes)
    while true {
      let answer = try await ranges(
        [.init(layout.aside(nonce), limit: window.limit)], at: 0, until: end)
      let pairs = answer.found[0].pairs
      guard !pairs.isEmpty else { break }
      window.note(pairs)
      var batch = Batch()
      for pair in pairs {
        guard let (place, isRemoved) = layout.target(ofAside: pair.key, nonce) else {
          throw strange(pair.key)
        }
        let move = [
          isRemoved ? EtcdRequest.delete(place) : .put(place, pair.value), .delete(pair.key),
        ]
        let size = AsideChange.size(place, pair.value) + AsideChange.size(pair.key, nil)
        if let full = batch.add(move, size), try await !make(full) { return }
      }
      guard try await make(batch.requests) else { return }
    }
    // What an unfinished attempt left aside goes, too: the mark that it compares has moved.
    _ = try await make([
      .put(layout.mark, MarkRecord(change.mark.mark).encoded), .deleteAll(layout.aside),
    ])
  }

  /// - Throws: `corrupt` if another program has removed something of a change that nobody has begun to finish.
  private func checkCompleteness(
    of change: AsideChange, until end: ContinuousClock.Instant
  ) async throws {
    let body: JSON = [
      "key": .string(layout.aside(change.mark.nonce).lower.base64),
      "range_end": .string(layout.aside(change.mark.nonce).upper.base64),
      "revision": .string(String(change.modified)), "count_only": true,
    ]
    do {
      let answer = try await gateway.ask("/v3/kv/range", body, until: end)
      guard answer["count"]?.string.flatMap({ UInt64($0) }) ?? 0 == change.count else {
        throw strange(layout.aside(change.mark.nonce).lower)
      }
    } catch EtcdFailure.outOfReach {
      // etcd has compacted that moment: it cannot be told any more.
    }
  }
}

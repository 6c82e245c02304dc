// Keys that cease to be: when, and by which clock.
//
// Deadlines are points of the *lease time*, in milliseconds. It only counts: the leader's monotonic clock
// moves it on, the log remembers it (`DataMark.lease`), and no wall clock is asked. It never runs faster
// than real time, so nothing ceases to be too early; while no node leads it may stand still. That a key
// has ceased to be is an operation and a revision, like everything that happens to keys.
//
//   NUL import/ NUL lease/KEY            the deadline of a key, in decimal
//   NUL import/ NUL due/<8 bytes>KEY     the same in the order of the deadlines
//
// Both are keys without history: moving a deadline makes no revision.

/// How long a key lives: from a point of the lease time on.
package struct Lease: Equatable, Sendable {
  package let milliseconds: UInt64
  /// The lease time when it was asked for.
  package let now: UInt64

  package init(milliseconds: UInt64, now: UInt64) {
    self.milliseconds = milliseconds
    self.now = now
  }
}

/// What the state knows of the lease time.
package struct LeaseMark: Equatable, Sendable {
  /// The lease time when it was last recorded.
  package var time: UInt64 = 0
  /// The wall clock at that time: a folder, which has no process, goes on from there.
  package var stamp = Timestamp(milliseconds: 0)
  /// The first deadline; zero if there is none.
  package var next: UInt64 = 0

  package init() {}

  /// What must be proposed for the sake of keys that cease to be: when one is due, and now and then, so
  /// that little is lost when what counts the time begins anew.
  ///
  /// - Parameter now: the lease time.
  package func work(at now: UInt64) -> Operation? {
    guard next != 0, now >= next || now >= time + Self.recordMilliseconds else { return nil }
    return .expire(at: now)
  }

  private static let recordMilliseconds: UInt64 = 60_000
}

package enum LeaseKeys {
  private static let all = ImportKeys.prefix + [0]
  static let leases = all + Bytes(utf8: "lease/")
  static let due = all + Bytes(utf8: "due/")

  /// Whether a key says something of leases.
  static func contain(_ key: Bytes) -> Bool { key.starts(with: leases) || key.starts(with: due) }

  static func lease(_ key: Bytes) -> Bytes { leases + key }

  static func due(_ deadline: UInt64, _ key: Bytes) -> Bytes {
    due + deadline.bigEndianBytes + key
  }

  /// Deadline and key of a key that ``due(_:_:)`` made.
  static func parts(of key: Bytes) -> (deadline: UInt64, key: Bytes)? {
    let rest = key.dropFirst(due.count)
    guard key.starts(with: due), rest.count > 8 else { return nil }
    return (rest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }, Bytes(rest.dropFirst(8)))
  }
}

extension KeyValueView {
  /// The point of the lease time at which a key ceases to be; `nil` if it does not.
  package func deadline(of key: Bytes) throws -> UInt64? {
    try get(LeaseKeys.lease(key))?.value.utf8String.flatMap(UInt64.init)
  }

  /// The first deadline of all; zero if there is none.
  func firstDeadline() throws -> UInt64 {
    var first: UInt64 = 0
    try scan(prefix: LeaseKeys.due) { key, _ in
      first = LeaseKeys.parts(of: key)?.deadline ?? 0
      return false
    }
    return first
  }
}

extension Draft {
  /// Lets a key live as long as a lease says, from now on.
  mutating func setLease(_ lease: Lease, of key: Bytes) throws {
    try clearLease(of: key)
    // The state may know that more time has passed than the node knew that stamped it.
    let deadline = max(lease.now, mark.lease.time) + lease.milliseconds
    try put(LeaseKeys.lease(key), Bytes(utf8: String(deadline)))
    try put(LeaseKeys.due(deadline, key), [])
    hasLeases = true
  }

  /// Lets a key live for ever.
  mutating func clearLease(of key: Bytes) throws {
    guard let deadline = try deadline(of: key) else { return }
    try delete(LeaseKeys.lease(key))
    try delete(LeaseKeys.due(deadline, key))
  }

  /// Moves the deadline of a key.
  ///
  /// - Parameter lease: `nil`: it lives for ever.
  mutating func touch(_ key: Bytes, _ condition: Condition, _ lease: Lease?) throws -> Pair {
    guard let stored = try get(key) else {
      throw PDBError(.keyNotFound, "no key '\(key.shown)'")
    }
    try condition.check(stored.revision, subject: "key '\(key.shown)'")
    if let lease { try setLease(lease, of: key) } else { try clearLease(of: key) }
    return Pair(key: key, value: stored.value, revision: stored.revision)
  }

  /// Removes what is due, not all at once where it is much.
  mutating func expire() throws -> Int {
    let now = mark.lease.time
    var keys: [Bytes] = []
    try scan(prefix: LeaseKeys.due) { due, _ in
      guard let (deadline, key) = LeaseKeys.parts(of: due), rules.isDue(deadline, at: now) else {
        return false
      }
      keys.append(key)
      return keys.count < Limits.batchCount
    }
    for key in keys {
      try clearLease(of: key)
      if try get(key) != nil { _ = try deletePairs([key], .none) }
    }
    return keys.count
  }
}

extension Operation {
  /// The lease time when it was proposed; `nil` if it does not say.
  package var leaseTime: UInt64? {
    switch self {
    case .setExpiring(_, _, _, let lease): lease.now
    case .touch(_, _, let lease): lease?.now
    case .expire(let now): now
    case .transaction(let steps): steps.compactMap(\.leaseTime).max()
    default: nil
    }
  }
}

// Wrong tokens: how long each waits for its answer, and what is told of them.
//
// A guess costs its address more and more time. An answer that waits holds a connection and some
// memory, so only few may wait at once; the others are refused without waiting, and lose their
// connection. A request with the right token passes all of this by, whatever its neighbours do.

import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the node knows of those who sent wrong tokens. A value without a clock.
struct WrongTokens {
  enum Verdict: Equatable {
    /// The refusal waits for so long; then ``endWait(of:)`` must be called.
    case wait(TimeAmount)
    /// There are too many.
    case refuse
  }

  /// A line for the node's log.
  struct Report: Equatable {
    let source: String
    let count: Int
  }

  private struct Source {
    /// Since it was quiet for a while.
    var count = 0
    var last: NIODeadline
    var waiting = 0
    var unreported = 0
    var reported: NIODeadline?
  }

  /// How many addresses are remembered; further ones take the places of those that are quiet for
  /// longest.
  static let mostSources = 1024
  /// How many answers may wait.
  static let mostWaiting = 256
  /// How many answers to one address may wait.
  static let mostWaitingOfSource = 4
  /// The second wrong token waits for so long, and each one that follows twice as long as the last.
  static let leastWait = TimeAmount.milliseconds(50)
  static let longestWait = TimeAmount.seconds(2)
  /// How long an address is remembered, and how much time lies at least between two lines about it.
  static let period = TimeAmount.seconds(60)
  /// How many lines there may be at once: a stranger who has many addresses must not fill the log.
  static let mostReports = 20

  private var sources: [String: Source] = [:]
  private var waiting = 0
  private var newReports = 0

  /// Whether ``sweep(at:)`` has nothing to do.
  var isEmpty: Bool { sources.isEmpty }

  /// A wrong token came.
  ///
  /// - Returns: what becomes of it, and what is to be told at once: that a source is new.
  /// - Complexity: O(1); O(``mostSources``) when one must be forgotten for another.
  mutating func note(_ name: String, at now: NIODeadline) -> (verdict: Verdict, report: Report?) {
    if sources[name] == nil, sources.count == Self.mostSources { forgetQuietest() }
    var source = sources[name] ?? Source(last: now)
    defer { sources[name] = source }
    source.last = now
    source.count += 1
    source.unreported += 1
    var report: Report?
    if source.reported == nil, newReports < Self.mostReports {
      newReports += 1
      report = Self.report(&source, name, at: now)
    }
    guard waiting < Self.mostWaiting, source.waiting < Self.mostWaitingOfSource else {
      return (.refuse, report)
    }
    waiting += 1
    source.waiting += 1
    return (.wait(Self.wait(source.count)), report)
  }

  /// The answer to a wrong token is no longer waiting.
  mutating func endWait(of name: String) {
    waiting -= 1
    sources[name]?.waiting -= 1
  }

  /// Forgets those that are quiet; must be called once in a ``period``.
  ///
  /// - Returns: what came since it was told last.
  mutating func sweep(at now: NIODeadline) -> [Report] {
    newReports = 0
    let due = sources.filter {
      $1.unreported > 0 && $1.reported.map { now - $0 >= Self.period } != false
    }.keys
    let all = due.map { Self.report(&sources[$0]!, $0, at: now) }.sorted {
      ($1.count, $0.source) < ($0.count, $1.source)
    }
    var reports = Array(all.prefix(Self.mostReports))
    let rest = all.dropFirst(Self.mostReports)
    if !rest.isEmpty {
      let count = rest.reduce(0) { $0 + $1.count }
      reports.append(Report(source: "\(rest.count) others", count: count))
    }
    sources = sources.filter {
      $1.waiting > 0 || $1.unreported > 0 || now - $1.last < Self.period
    }
    return reports
  }

  private static func report(
    _ source: inout Source, _ name: String, at now: NIODeadline
  ) -> Report {
    defer { (source.unreported, source.reported) = (0, now) }
    return Report(source: name, count: source.unreported)
  }

  private mutating func forgetQuietest() {
    let quiet = sources.filter { $0.value.waiting == 0 }
    if let name = quiet.min(by: { $0.value.last < $1.value.last })?.key { sources[name] = nil }
  }

  private static func wait(_ count: Int) -> TimeAmount {
    // A slip of the hand costs nothing.
    guard count > 1 else { return .zero }
    let doublings = min(count - 2, 16)
    return min(.nanoseconds(leastWait.nanoseconds << Int64(doublings)), longestWait)
  }

  /// Whose guesses count together: one address, and of IPv6 a network, for whoever has one address
  /// there has all of them.
  static func source(of address: String) -> String {
    var bytes = in6_addr()
    guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
    return withUnsafeBytes(of: bytes) { bytes in
      // An address of IPv4 as a socket of IPv6 sees it (RFC 4291, section 2.5.5.2).
      if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
        return bytes[12...].map { String($0) }.joined(separator: ".")
      }
      let groups = stride(from: 0, to: 8, by: 2).map {
        String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
      }
      return groups.joined(separator: ":") + "::/64"
    }
  }
}

// Wrong tokens: how long they wait, how many may, and what is told of them.

import NIOCore
import Testing

@testable import PDBServer

@Suite struct WrongTokensTests {
  private static func time(_ seconds: Int64) -> NIODeadline {
    .uptimeNanoseconds(1_000_000_000_000) + .seconds(seconds)
  }

  /// A wrong token whose answer waits and is sent.
  private func guess(
    _ tokens: inout WrongTokens, _ source: String = "a", at seconds: Int64 = 0
  ) -> TimeAmount? {
    let (verdict, _) = tokens.note(source, at: Self.time(seconds))
    guard case .wait(let time) = verdict else { return nil }
    tokens.endWait(of: source)
    return time
  }

  @Test func `the first costs nothing, and each one more than the one before`() {
    var tokens = WrongTokens()
    let waits = (0..<10).map { _ in guess(&tokens) }
    #expect(
      waits == [0, 50, 100, 200, 400, 800, 1600, 2000, 2000, 2000].map { .milliseconds($0) })
    // Others are not made to wait for it.
    #expect(guess(&tokens, "b") == .zero)
  }

  @Test func `what is quiet for a minute is forgotten`() {
    var tokens = WrongTokens()
    for _ in 0..<10 { _ = guess(&tokens) }
    _ = tokens.sweep(at: Self.time(60))
    #expect(guess(&tokens, at: 61) == .zero)
    _ = tokens.sweep(at: Self.time(121))
    _ = tokens.sweep(at: Self.time(181))
    #expect(tokens.isEmpty)
  }

  @Test func `only few wait at once`() {
    var tokens = WrongTokens()
    for _ in 0..<WrongTokens.mostWaitingOfSource {
      #expect(tokens.note("a", at: Self.time(0)).verdict != .refuse)
    }
    #expect(tokens.note("a", at: Self.time(0)).verdict == .refuse)
    tokens.endWait(of: "a")
    #expect(tokens.note("a", at: Self.time(0)).verdict != .refuse)
    // All together.
    var waiting = WrongTokens.mostWaitingOfSource
    for source in 0..<1000 where tokens.note("s\(source)", at: Self.time(0)).verdict != .refuse {
      waiting += 1
    }
    #expect(waiting == WrongTokens.mostWaiting)
  }

  @Test func `an address is told of at once, and then once a minute, with a count`() {
    var tokens = WrongTokens()
    #expect(tokens.note("a", at: Self.time(0)).report == .init(source: "a", count: 1))
    for second in 1..<50 { #expect(tokens.note("a", at: Self.time(Int64(second))).report == nil) }
    #expect(tokens.sweep(at: Self.time(30)).isEmpty)
    #expect(tokens.sweep(at: Self.time(60)) == [.init(source: "a", count: 49)])
    #expect(tokens.sweep(at: Self.time(120)).isEmpty)
  }

  @Test func `however many addresses there are, memory and the log stay small`() {
    var tokens = WrongTokens()
    var (lines, told) = (0, 0)
    for source in 0..<5000 {
      if let report = tokens.note("s\(source)", at: Self.time(0)).report {
        lines += 1
        told += report.count
      }
    }
    #expect(lines == WrongTokens.mostReports)
    let reports = tokens.sweep(at: Self.time(60))
    #expect(reports.count == WrongTokens.mostReports + 1)
    #expect(reports.last?.source == "\(reports.last!.count) others")
    told += reports.reduce(0) { $0 + $1.count }
    // Those that were forgotten are not told of.
    #expect(told <= WrongTokens.mostSources + WrongTokens.mostReports)
  }

  @Test func `an answer that waits is not forgotten`() {
    var tokens = WrongTokens()
    for source in 0..<WrongTokens.mostWaiting { _ = tokens.note("s\(source)", at: Self.time(0)) }
    for source in 0..<5000 { _ = tokens.note("t\(source)", at: Self.time(1)) }
    _ = tokens.sweep(at: Self.time(500))
    for source in 0..<WrongTokens.mostWaiting { tokens.endWait(of: "s\(source)") }
    #expect(guess(&tokens, "s0", at: 501) != nil)
    _ = tokens.sweep(at: Self.time(1000))
    _ = tokens.sweep(at: Self.time(2000))
    #expect(tokens.isEmpty)
  }

  @Test(arguments: [
    ("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
    ("", ""),
  ])
  func `guesses from one network of IPv6 count together`(address: String, source: String) {
    #expect(WrongTokens.source(of: address) == source)
  }
}

// Loads: what is asked, when, and what is made of the answers.

import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBImport
@testable import PDBLoad
@testable import PDBModel
@testable import PDBServer

@Suite struct LoadTests {
  private func plan(
    _ work: LoadPlan.Work, _ length: LoadPlan.Length = .requests(10), batch: Int = 1,
    keys: Int = 1000, rate: Double? = nil, isStale: Bool = false
  ) -> LoadPlan {
    LoadPlan(
      work: work, length: length, clients: 1, batch: batch, keys: keys, valueBytes: 3,
      rate: rate, isStale: isStale, usesAllNodes: false)
  }

  @Test func `a count ends the requests, whoever asks`() {
    let pace = LoadPace(plan(.set, .requests(3)))
    let due = (0..<5).map { _ in pace.next() }
    #expect(due.map { $0 == nil } == [false, false, false, true, true])
  }

  @Test func `with a rate requests are due when they should be sent, not when somebody has time`() {
    let pace = LoadPace(plan(.set, .seconds(1), rate: 4))
    let due = (0..<6).map { _ in pace.next() }
    let first = due[0]!
    #expect(
      due.prefix(4).compactMap { $0 }.map { $0 - first } == (0..<4).map { .milliseconds(250 * $0) })
    #expect(due[4] == nil && due[5] == nil)
  }

  @Test func `times are right to a thousandth, and every doubling has a step`() throws {
    var latency = Latency()
    for milliseconds in 1...1000 { latency.record(.milliseconds(milliseconds)) }
    for percent in [50.0, 90, 99, 99.9] {
      #expect(abs(latency.percentile(percent) - 10 * percent) <= 0.011 * percent)
    }
    #expect(abs(latency.mean - 500.5) < 1)
    #expect(abs(latency.max - 1000) <= 1)
    let steps = latency.steps
    #expect(steps.reduce(0) { $0 + $1.count } == 1000)
    #expect(zip(steps, steps.dropFirst()).allSatisfy { $1.limit == 2 * $0.limit })
    // 1.024 ms is the first step's end that anything lies below.
    #expect(steps.first?.limit == 1.024 && steps.first?.count == 1)
  }

  @Test func `nothing measured is nothing shown`() {
    #expect(Latency().steps.isEmpty)
    #expect(LoadReport().requests == 0)
  }

  @Test func `failures are counted by their reason, and are no requests`() {
    var report = LoadReport()
    report.failed("503 busy")
    report.failed("503 busy")
    report.succeeded(plan(.set, batch: 7).request(), after: .milliseconds(1))
    #expect(report.errors == 2 && report.failures == ["503 busy": 2])
    #expect(report.requests == 1 && report.parts[.change]?.keys == 7)
  }

  @Test func `keys stay within their number, and requests have what was asked for`() throws {
    for _ in 0..<100 {
      let read = plan(.get, keys: 2, isStale: true).request()
      #expect(
        ["0", "1"].map { "/kv/bench%2F000000000\($0)?consistency=stale" }.contains(
          read.request.path))
      #expect(read.kind == .read)
    }
    let set = plan(.set, batch: 3).request()
    let pairs = try #require(set.request.body?["pairs"]?.array)
    #expect(pairs.count == 3 && pairs.allSatisfy { $0["value"] == "vvv" })
    #expect(plan(.set).request().request.path.hasPrefix("/kv/bench%2F"))
    let add = plan(.task, batch: 2).request()
    #expect(add.request.path == "/tasks/batch" && add.count == 2)
    let kinds = (0..<400).map { _ in plan(.mixed).request().kind }
    #expect((200..<380).contains(kinds.count { $0 == .read }))
  }
}

// One client: makes requests, and repeats a change until its outcome is certain or it loses
// patience.

import Foundation
import NIOHTTP1

/// Deliberate mistakes, to show that the checks notice them.
enum Sabotage: String, Sendable, CaseIterable {
  /// Reads may be stale, and are recorded as if they may not.
  case staleReads = "stale-reads"
  /// A repeated change gets a new request id.
  case newRequestIDs = "new-request-ids"
}

/// A client of the cluster.
struct Session {
  let client: Int
  let http: HTTP
  let world: World
  let findings: Findings
  let sabotage: Sabotage?
  var randomness: Randomness

  /// How a client deals with failures, drawn anew for each change.
  private struct Patience {
    let attempt: Duration
    let total: Duration
    /// Gives up at the first certain "not applied", to see whether the promise is kept.
    let isContentWithRefusal: Bool
  }

  private static let dataRefusals: Set = [
    "conflict", "key_not_found", "task_not_found", "not_a_number", "not_a_list",
  ]

  mutating func perform(_ action: Action) async -> Record {
    action.isChange ? await change(action) : await read(action)
  }

  // MARK: Reading

  /// A read is made once, at any node, so that its time is narrow.
  private mutating func read(_ action: Action) async -> Record {
    var request = action.request
    if sabotage == .staleReads {
      request.path += (request.path.contains("?") ? "&" : "?") + "consistency=stale"
    }
    let node = await randomNode()
    let invoked = monotonicNow()
    let attempt = await http.send(request, to: node, within: .milliseconds(2500))
    let returned = monotonicNow()
    var revision: UInt64?
    let result: Result
    switch attempt {
    case .notSent: result = .refused(code: "not_sent")
    case .lost: result = .unknown(code: "lost")
    case .answer(let answer):
      result = readResult(action, answer, node)
      // Refusals carry the revision of the moment they were sent, not of what was read.
      if answer.isSuccess { revision = answer.number("PDB-Revision") }
    }
    return Record(
      client: client, request: "", action: action, invoked: invoked, returned: returned,
      attempts: 1, node: node, result: result, revision: revision)
  }

  private func readResult(_ action: Action, _ answer: HTTPAnswer, _ node: Int) -> Result {
    if answer.isSuccess {
      let consistency = answer.headers.first(name: "PDB-Consistency")
      if sabotage == nil, consistency != "linearizable" {
        findings.report("node \(node) answered a read with \(consistency ?? "no") consistency")
      }
      guard let read = action.answer(answer) else {
        return malformed(answer, of: node)
      }
      return .answered(read)
    }
    guard let error: ErrorBody = answer.decoded() else { return malformed(answer, of: node) }
    if error.error == "key_not_found" { return .answered(.pair(nil, revision: nil)) }
    return .refused(code: error.error)
  }

  private func malformed(_ answer: HTTPAnswer, of node: Int) -> Result {
    let body = String(decoding: answer.body, as: UTF8.self)
    findings.report("node \(node) answered \(answer.status) with '\(body)'")
    return .unknown(code: "malformed")
  }

  // MARK: Changing

  private mutating func change(_ action: Action) async -> Record {
    let patience = Patience(
      attempt: randomness.duration(randomness.isLucky(percent: 20) ? 30...200 : 500...2500),
      total: randomness.duration(500...8000),
      isContentWithRefusal: randomness.isLucky(percent: 40))
    var request = requestID()
    var node = await randomNode()
    var attempts = 0
    var hops = 0
    var mayBeApplied = false
    var result: Result?
    let invoked = monotonicNow()
    let start = ContinuousClock.now
    while result == nil {
      if hops == 0 { attempts += 1 }
      var outgoing = action.request
      if attempts > 1 || hops > 0 {
        let age = (ContinuousClock.now - start).milliseconds
        outgoing.headers.add(name: "PDB-Request-Age", value: String(age))
      }
      outgoing.headers.add(name: "Idempotency-Key", value: request)
      let outcome = await attempt(action, outgoing, at: node, within: patience.attempt)
      switch outcome {
      case .certain(let certain): result = certain
      case .leader(let leader) where hops < 3:
        hops += 1
        node = leader
        continue
      case .leader, .notApplied:
        if patience.isContentWithRefusal && !mayBeApplied { result = .refused(code: outcome.code) }
      case .unknown:
        mayBeApplied = true
        if sabotage == .newRequestIDs { request = requestID() }
      }
      if result == nil, ContinuousClock.now - start > patience.total || Task.isCancelled {
        result = mayBeApplied ? .unknown(code: outcome.code) : .refused(code: outcome.code)
      }
      if result == nil {
        hops = 0
        try? await Task.sleep(for: randomness.duration(10...150))
        node = await randomNode()
      }
    }
    return Record(
      client: client, request: request, action: action, invoked: invoked,
      returned: monotonicNow(), attempts: attempts, node: node, result: result!, revision: nil)
  }

  private enum Outcome {
    case certain(Result)
    case leader(Int)
    case notApplied(code: String)
    case unknown(code: String)

    var code: String {
      switch self {
      case .certain, .leader: "not_leader"
      case .notApplied(let code), .unknown(let code): code
      }
    }
  }

  private func attempt(
    _ action: Action, _ request: HTTPRequest, at node: Int, within patience: Duration
  ) async -> Outcome {
    switch await http.send(request, to: node, within: patience) {
    case .notSent: return .notApplied(code: "not_sent")
    case .lost: return .unknown(code: "lost")
    case .answer(let answer):
      if answer.isSuccess {
        guard let said = action.answer(answer) else {
          return .certain(malformed(answer, of: node))
        }
        return .certain(.answered(said))
      }
      guard let error: ErrorBody = answer.decoded() else {
        return .certain(malformed(answer, of: node))
      }
      if Self.dataRefusals.contains(error.error) {
        return .certain(.answered(.refusal(code: error.error)))
      }
      if error.error == "request_mismatch" || answer.status == 400 {
        findings.report("node \(node) refused a sound request with \(error.error)")
      }
      if error.error == "not_leader", let leader = leader(error) { return .leader(leader) }
      return error.outcome == "not_applied"
        ? .notApplied(code: error.error) : .unknown(code: error.error)
    }
  }

  private func leader(_ error: ErrorBody) -> Int? {
    error.leader.flatMap { leader in http.addresses.firstIndex { leader.hasSuffix("/\($0)") } }
  }

  // MARK: Drawing

  /// A node that clients may use: one with a damaged file is not among them.
  private mutating func randomNode() async -> Int {
    for _ in 0..<4 {
      let node = randomness.below(http.addresses.count)
      if !(await world.isOwned(node)) { return node }
    }
    return randomness.below(http.addresses.count)
  }

  private mutating func requestID() -> String {
    String(randomness.next(), radix: 16) + "-" + String(randomness.next(), radix: 16)
  }
}

// Whether a request knows the node's token, and what becomes of those that do not.

import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import PDBClient
import PDBModel
import Synchronization

/// Compares tokens, makes wrong ones wait, and tells the operator of them.
final class TokenGuard: Sendable {
  private let token: Bytes
  private let logger: Logger
  private let wrong = Mutex((tokens: WrongTokens(), isWatched: false))
  private let refusals = Atomic<UInt64>(0)

  init(_ token: String, logger: Logger) {
    self.token = Bytes(utf8: token)
    self.logger = logger
  }

  /// How many wrong tokens came.
  var refused: UInt64 { refusals.load(ordering: .relaxed) }

  /// - Throws: `unauthorized`.
  func check(_ request: Request) throws(PDBError) {
    let sent = Self.sentToken(request)
    let given = Bytes((sent ?? "").utf8)
    // In constant time: the answer's delay must not tell how much of a guess was right.
    var difference = given.count ^ token.count
    for (left, right) in zip(given, token) { difference |= Int(left ^ right) }
    guard difference != 0 else { return }
    guard sent != nil else {
      throw PDBError(
        .unauthorized, "no token was sent, and this node wants one",
        hint: "--token-file FILE (HTTP: 'Authorization: Bearer TOKEN')")
    }
    throw PDBError(
      .unauthorized, "the token that was sent is not this node's",
      hint: "compare the client's --token-file with the node's")
  }

  private static func sentToken(_ request: Request) -> Substring? {
    // The scheme's case does not matter (RFC 9110, section 11.1).
    let parts = (request.headers.first(.authorization) ?? "").split(separator: " ", maxSplits: 1)
    return parts.count == 2 && parts[0].lowercased() == "bearer" ? parts[1] : nil
  }

  /// What proves to a client of this machine that this node knows the token.
  ///
  /// - Parameter address: where the client connected to.
  /// - Returns: `nil` if it does not want that. Others could try tokens on it at leisure.
  func proof(for request: Request, at address: NodeAddress?) -> String? {
    guard let address, let challenge = request.headers.first(.tokenChallenge) else { return nil }
    return TokenProof.proof(of: token, for: challenge, at: address)
  }

  // MARK: Wrong tokens

  /// A refusal that waits.
  struct Wait: Sendable {
    fileprivate let source: String
    fileprivate let time: TimeAmount
  }

  /// Notes that a request was refused.
  ///
  /// - Parameter address: the client's.
  /// - Returns: how long its answer waits; `nil` for one that tried no token.
  /// - Throws: `too_many_attempts` if it must not wait.
  func noteRefusal(of request: Request, from address: String) throws(PDBError) -> Wait? {
    guard Self.sentToken(request) != nil else { return nil }
    refusals.add(1, ordering: .relaxed)
    let source = WrongTokens.source(of: address)
    let (verdict, report, mustWatch) = wrong.withLock { wrong in
      let (verdict, report) = wrong.tokens.note(source, at: .now())
      defer { wrong.isWatched = true }
      return (verdict, report, !wrong.isWatched)
    }
    if let report { tell(report) }
    if mustWatch { watch() }
    guard case .wait(let time) = verdict else {
      throw PDBError(
        .tooManyAttempts, "too many wrong tokens come from '\(source)'",
        hint: "compare the client's --token-file with the node's, then try again in a moment")
    }
    return Wait(source: source, time: time)
  }

  /// Returns when a refusal may be answered, or when its client is gone.
  func end(_ wait: Wait) async {
    if wait.time > .zero {
      try? await LoopExecutor.shared.sleep(for: .nanoseconds(wait.time.nanoseconds))
    }
    wrong.withLock { $0.tokens.endWait(of: wait.source) }
  }

  /// Tells what comes, as long as something does.
  private func watch() {
    LoopExecutor.shared.loop.scheduleTask(in: WrongTokens.period) { [self] in
      let (reports, goesOn) = wrong.withLock { wrong in
        let reports = wrong.tokens.sweep(at: .now())
        wrong.isWatched = !wrong.tokens.isEmpty
        return (reports, wrong.isWatched)
      }
      for report in reports { tell(report) }
      if goesOn { watch() }
    }
  }

  private func tell(_ report: WrongTokens.Report) {
    logger.warning(
      "wrong tokens", metadata: ["address": "\(report.source)", "count": "\(report.count)"])
  }
}

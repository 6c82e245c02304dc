// Answers that come bit by bit: the stream of changes, and data in bulk.

import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension ClusterClient {
  /// Listens to the changes after a revision until cancelled, or until `body` returns false.
  /// When a node goes away, another one continues where it stopped: nothing is missed, and
  /// nothing comes twice.
  ///
  /// - Parameter query: what to listen to, as in `prefix=a`; percent-encoded.
  /// - Throws: ``PDBError`` when no node has answered for as long as a request may take.
  public func listen(
    since: UInt64, query: String = "", _ body: (ServerEvent) async throws -> Bool
  ) async throws {
    var last = since
    var attempts = attempts(isChange: false)
    var deadline = ContinuousClock.now + timeout
    var isKnown = false
    while true {
      let target = attempts.next()
      let path = "/events?since=\(last)" + (query.isEmpty ? "" : "&" + query)
      var hasAnswered = false
      let result = try await stream(path, from: target) { chunks in
        hasAnswered = true
        var parser = EventParser(lastID: last)
        for try await chunk in chunks {
          for event in parser.parse(chunk.readableBytesView) {
            guard try await body(event) else { return true }
            last = event.id ?? last
          }
          last = parser.lastID ?? last
        }
        return false
      }
      guard let result else { return }
      if hasAnswered {
        isKnown = true
        // Everybody has their chance again, after the node that went away.
        attempts = Attempts(addresses: [target] + addresses, isChange: false)
        _ = attempts.next()
        deadline = ContinuousClock.now + timeout
      }
      guard ContinuousClock.now < deadline else { throw attempts.failure }
      switch attempts.record(result, of: target) {
      case .hop(let next, let reason): notify(.hop(from: target, to: next, reason: reason))
      // Whoever was there may come back, all at once even.
      case .failed(let error) where !isKnown || error.code != .unreachable: throw error
      case .done, .failed, .pause: try await Task.sleep(for: Self.pause)
      }
    }
  }

  /// Fetches an export or a backup from one node, chunk by chunk.
  ///
  /// - Throws: ``PDBError``. Another node is asked only as long as nothing has come. `bad_answer` if
  ///   what came is not whole.
  public func download(_ path: String, _ body: (Bytes) async throws -> Void) async throws {
    var attempts = attempts(isChange: false)
    let deadline = ContinuousClock.now + timeout
    while true {
      let target = attempts.next()
      var hasBegun = false
      var end = DownloadEnd(of: path)
      let result = try await stream(path, from: target) { chunks in
        for try await chunk in chunks {
          hasBegun = true
          let bytes = Bytes(buffer: chunk)
          end.take(bytes)
          try await body(bytes)
        }
        guard end.isReached else {
          throw PDBError(
            .badAnswer, "what '\(target)' sent has no end: a part of it is missing",
            hint: "try again, or name another node with --node")
        }
        return true
      }
      guard let result else { return }
      guard !hasBegun else {
        throw PDBError(.unreachable, "'\(target)' went away half-way", hint: "try again")
      }
      guard ContinuousClock.now < deadline else { throw attempts.failure }
      switch attempts.record(result, of: target) {
      case .failed(let error): throw error
      case .hop(let next, let reason): notify(.hop(from: target, to: next, reason: reason))
      case .done, .pause: try await Task.sleep(for: Self.pause)
      }
    }
  }

  /// Asks one node once and hands the answer on as it comes.
  ///
  /// - Parameter body: returns whether that was all it wanted.
  /// - Returns: `nil` if it was, else why not.
  private func stream(
    _ path: String, from address: NodeAddress,
    _ body: (HTTPClientResponse.Body) async throws -> Bool
  ) async throws -> Attempts.Result? {
    let question = ClientRequest(.get, path)
    if let objection = await objection(to: question, at: address, within: Self.meetingPatience) {
      return objection
    }
    let request = outgoing(question, to: address, id: nil, age: nil)
    do {
      let response = try await streams.execute(request, timeout: .hours(24 * 365))
      let found = ClusterIdentity(response.headers)
      guard let found, response.status.code == 200 else {
        // What is no node's answer may be of any length, and is not read.
        let body =
          found == nil ? ByteBuffer() : try await response.body.collect(upTo: 1 << 20)
        return result(response, body, from: address, isChange: false)
      }
      if let expected = confirm(found) {
        return .error(.wrongCluster(expected: expected, found: found, at: address))
      }
      return try await body(response.body) ? nil : .lost("the stream ended")
    } catch let error as PDBError {
      throw error
    } catch let error as HTTPClientError where error == .readTimeout {
      return .lost("fell silent")
    } catch let error where error is CancellationError || Task.isCancelled {
      throw CancellationError()
    } catch {
      return Self.result(error)
    }
  }
}

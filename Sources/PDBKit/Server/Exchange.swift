// One request as the routes see it: parsed, checked, and on its way to the engine.

import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// What the requests to one node have in common. A reference: each request hands it around.
final class ServedNode: Sendable {
  let engine: any Engine
  let neighbours: NeighbourFiles
  let connections: OpenConnections
  let requests = RequestMeters()
  let streams = OpenStreams()
  let order = KnownTaskOrder()

  init(engine: any Engine, neighbours: NeighbourFiles, connections: OpenConnections) {
    self.engine = engine
    self.neighbours = neighbours
    self.connections = connections
  }
}

/// A request with everything that reading it and answering it takes.
struct Exchange: Sendable {
  let request: Request
  /// What stands for `:name` in the endpoint's path, percent-encoded.
  let parameter: String?
  let node: ServedNode
  let body: Bytes

  var engine: any Engine { node.engine }

  // MARK: Reading the request

  /// The body as a JSON object.
  func object() throws -> JSON {
    let json: JSON
    do { json = try JSON(parsing: body) } catch let error as JSON.SyntaxError {
      throw PDBError(
        .malformedJSON, "the body is not JSON: \(error.message), at byte \(error.offset)")
    }
    guard json.members != nil else {
      throw PDBError(.badRequest, "the body must be a JSON object, as in {\"title\":\"...\"}")
    }
    return json
  }

  func query(_ name: String) -> String? {
    guard request.uri.query != nil else { return nil }
    return request.uri.queryParameters.first { $0.key == name }.map { String($0.value) }
  }

  /// A count from the query, e.g. `?limit=10`.
  func count(_ name: String) throws -> Int? {
    guard let text = query(name) else { return nil }
    guard let count = Int(text), count >= 0 else {
      throw PDBError(.badRequest, "'\(name)' must be a whole number, not '\(text)'")
    }
    return count
  }

  /// A choice from the query, e.g. `?force=true`.
  func flag(_ name: String) throws -> Bool {
    switch query(name) {
    case nil, "false": return false
    case "true": return true
    case let text?: throw PDBError(.badRequest, "'\(name)' is 'true' or 'false', not '\(text)'")
    }
  }

  func consistency() throws -> Consistency {
    guard let text = query("consistency") else { return .linearizable }
    guard let consistency = Consistency(rawValue: text) else {
      throw PDBError(.badRequest, "'consistency' is 'linearizable' or 'stale', not '\(text)'")
    }
    return consistency
  }

  /// `If-Match: "7"` or `If-None-Match: *` (RFC 9110, section 13.1); entity tags are revisions.
  func condition() throws -> Condition {
    if request.headers.has(.ifMatch), let match = request.headers[.ifMatch] {
      guard let revision = UInt64(match.trimmingCharacters(in: ["\"", " "])) else {
        throw PDBError(.badRequest, "'If-Match' must name a revision, as in \"7\"")
      }
      return .revision(revision)
    }
    if request.headers.has(.ifNoneMatch), let none = request.headers[.ifNoneMatch] {
      guard none.trimmingCharacters(in: .whitespaces) == "*" else {
        throw PDBError(.badRequest, "'If-None-Match' can only be *")
      }
      return .absent
    }
    return .none
  }

  // MARK: Answering

  /// Makes a change, and answers with what `body` makes of the outcome.
  ///
  /// - Parameter verb: what only the leader can do, for the message of a follower.
  func propose(
    _ operation: Operation, verb: String = "change data",
    _ body: (Answer) throws -> Response
  ) async throws -> Response {
    let stamped = StampedOperation(stamp: try stamp(), operation: operation)
    let outcome: Outcome
    do {
      outcome = try await engine.propose(stamped)
    } catch let error as PDBError where error.code == .notLeader {
      throw PDBError(
        .notLeader, "Only leader can \(verb)", hint: error.hint, details: error.details)
    }
    if case .refused(let error) = outcome.answer { throw error }
    var response = try body(outcome.answer)
    response.headers.add(.revision, String(outcome.revision))
    return response
  }

  /// Reads, and answers with what `body` makes of the state.
  func read(
    _ reach: Reach = .ranges,
    _ body: @escaping @Sendable (any StateView, StateMark) throws -> Response
  ) async throws -> Response {
    let consistency = try consistency()
    let known = request.headers.has(.ifNoneMatch) ? request.headers[.ifNoneMatch] : nil
    return try await engine.read(consistency, reach) { view, mark in
      var response = try body(view, mark)
      if let known { response.omitIfKnown(known) }
      response.headers.add(.revision, String(mark.revision))
      response.headers.add(.consistency, consistency.rawValue)
      return response
    }
  }

  private func stamp() throws -> Stamp {
    let now = Timestamp.now
    let author = request.headers.first(.author) ?? ""
    guard author.utf8.count <= Limits.authorBytes else {
      throw PDBError(.badRequest, "'PDB-Author' is longer than \(Limits.authorBytes) bytes")
    }
    return Stamp(time: now, author: author.escapingControlCharacters, request: try requestID(now))
  }

  private func requestID(_ now: Timestamp) throws -> RequestID? {
    guard let id = request.headers.first(.idempotencyKey) else { return nil }
    guard (1...Limits.requestIDBytes).contains(id.utf8.count),
      id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      throw PDBError(
        .badRequest,
        "'Idempotency-Key' must be 1 to \(Limits.requestIDBytes) visible ASCII characters")
    }
    var fingerprint = Checksum()
    for part in [
      request.method.rawValue, request.uri.string, request.headers[.ifMatch] ?? "",
      request.headers[.ifNoneMatch] ?? "",
    ] {
      fingerprint.update(UInt64(part.utf8.count))
      fingerprint.update(part.utf8)
    }
    fingerprint.update(body)
    let age = request.headers.first(.requestAge).flatMap(Int64.init)
    return RequestID(
      id: id, fingerprint: fingerprint.value,
      firstSent: age.map { Timestamp(milliseconds: now.milliseconds - max(0, $0)) })
  }
}

extension Response {
  /// Answers 304 instead if the client has this version (RFC 9110, section 13.1.2).
  fileprivate mutating func omitIfKnown(_ tags: String) {
    guard let own = headers.first(.eTag) else { return }
    let isKnown = tags.split(separator: ",").contains { tag in
      let tag = tag.trimmingCharacters(in: .whitespaces)
      return tag == "*" || tag == own || tag == "W/" + own
    }
    guard isKnown else { return }
    self = Response(status: .notModified, headers: [.eTag: own])
    // It would be that of the answer that is not sent.
    headers[.contentLength] = nil
  }
}

extension HTTPField.Name {
  static let revision = Self("PDB-Revision")!
  static let term = Self("PDB-Term")!
  static let node = Self("PDB-Node")!
  static let cluster = Self("PDB-Cluster")!
  static let birth = Self("PDB-Birth")!
  /// On a request: the one cluster that may answer it, as `ID/BIRTH`.
  static let expectCluster = Self("PDB-Expect-Cluster")!
  static let consistency = Self("PDB-Consistency")!
  static let author = Self("PDB-Author")!
  static let idempotencyKey = Self("Idempotency-Key")!
  /// On a retry: how many milliseconds ago the request was first sent.
  static let requestAge = Self("PDB-Request-Age")!
}

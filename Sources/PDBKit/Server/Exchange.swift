// One request as the routes see it: parsed, checked, and on its way to the store.

import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import PDBClient
import PDBCluster
import PDBModel
import PDBStore

/// What the requests to one node have in common. A reference: each request hands it around.
final class ServedNode: Sendable {
  let store: any ServedStore
  let trust: PeerTrust
  let connections: OpenConnections
  let requests = RequestMeters()
  let streams = OpenStreams(
    Limits.eventStreams, "streams are open on this node, the most it takes")
  /// A long list reads a view of the state that is kept for it, with files of its own.
  let lists = OpenStreams(
    Limits.longLists, "long lists are being read from this node, the most it takes")
  let listTurns: Turns
  /// `nil` where clients need no token.
  let tokens: TokenGuard?

  init(
    _ store: any ServedStore, _ trust: PeerTrust, connections: OpenConnections,
    tokens: TokenGuard?
  ) {
    self.trust = trust
    self.tokens = tokens
    self.store = store
    self.connections = connections
    listTurns = Turns(on: connections.loop)
  }
}

/// A request with everything that reading it and answering it takes.
struct Exchange: Sendable {
  let request: Request
  /// What stands for `:name` in the endpoint's path, percent-encoded.
  let parameter: String?
  let node: ServedNode
  let body: Bytes
  /// What the answer takes of the room for all answers.
  let share: AnswerRoom.Share

  var store: any ServedStore { node.store }

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

  /// `If-Match: "7"` or `If-None-Match: *`.
  func condition() throws -> Condition {
    if request.headers.has(.ifMatch), let match = request.headers[.ifMatch] {
      return try Header.ifMatch.read(match)
    }
    if request.headers.has(.ifNoneMatch), let none = request.headers[.ifNoneMatch] {
      return try Header.ifAbsent.read(none)
    }
    return .none
  }

  // MARK: Asking the store

  /// Makes a change, and answers with what `body` makes of what it did.
  ///
  /// - Parameter verb: what only the leader can do, for the message of a follower.
  func apply(
    _ change: Change, verb: String = "change data", _ body: (Answer) throws -> Response
  ) async throws -> Response {
    let receipt = try await receipt(for: change, verb)
    var response = try body(receipt.answer)
    response.headers.add(.revision, String(receipt.revision))
    return response
  }

  private func receipt(for change: Change, _ verb: String) async throws -> Receipt {
    let origin = try origin
    do throws(PDBError) { return try await store.apply(change, from: origin) } catch {
      guard error.code == .notLeader else { throw error }
      throw PDBError(
        .notLeader, "Only leader can \(verb)", hint: error.hint, details: error.details)
    }
  }

  /// Which state the request is about.
  func moment() throws -> Moment {
    let consistency = try read(Query.consistency)
    guard let name = try read(Query.at) else { return consistency == .stale ? .stale : .now }
    guard consistency != .stale else {
      throw PDBError(
        .badRequest, "'at' and 'consistency=stale' exclude each other",
        hint: "what was does not change; leave 'consistency' out")
    }
    return .past(name)
  }

  /// An answer that was read at a revision: 304 if the client has it already.
  func answer(_ response: Response, readAt revision: UInt64) throws -> Response {
    var response = response
    if request.headers.has(.ifNoneMatch), let known = request.headers[.ifNoneMatch] {
      response.omitIfKnown(known)
    }
    response.headers.add(.revision, String(revision))
    response.headers.add(.consistency, try moment().consistency.rawValue)
    return response
  }

  /// Who asks for a change, and by which request.
  var origin: Origin {
    get throws {
      let headers = request.headers
      let age = try headers.first(.requestAge).map(Header.requestAge.read)
      let known = try headers.first(.requestRevision).map(Header.requestRevision.read)
      return Origin(
        author: headers.first(.author),
        request: headers.first(.idempotencyKey).map { id in
          Origin.RequestID(id, fingerprint: fingerprint, age: age, knownRevision: known)
        })
    }
  }

  /// Of the request as it was sent.
  private var fingerprint: UInt64 {
    FNVChecksum.fingerprint(
      method: request.method.rawValue, target: request.uri.string,
      conditions: [request.headers[.ifMatch] ?? "", request.headers[.ifNoneMatch] ?? ""],
      body: body)
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
  static let tokenChallenge = Self(TokenProof.challengeField)!
  static let tokenProof = Self(TokenProof.proofField)!
  static let consistency = Self("PDB-Consistency")!
  static let author = Self("PDB-Author")!
  static let idempotencyKey = Self("Idempotency-Key")!
  /// On a retry: how many milliseconds ago the request was first sent.
  static let requestAge = Self("PDB-Request-Age")!
  /// On a retry: the newest revision that the client knew before it first sent the request.
  static let requestRevision = Self("PDB-Request-Revision")!
}

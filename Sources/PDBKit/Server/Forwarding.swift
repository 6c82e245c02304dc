// Handing a change on to the leader, for clients that lose their token on a redirect.
//
// Most HTTP clients follow a redirect to another port without `Authorization`, so with a token a
// follower cannot send them to the leader; it asks for them. A request is handed on once: a node
// that is no leader either says so.

import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOSSL
import PDBClient
import PDBModel
import PDBStore

/// A follower's way to the leader.
final class Forwarding: Sendable {
  private let client = NIOLockedValueBox<HTTPClient?>(nil)
  private let own: NodeAddress
  private let isInsecure: Bool
  private let tls: TLSConfiguration

  /// - Parameters:
  ///   - node: this one.
  ///   - tls: how other nodes are reached.
  init(from node: NodeStatus, tls: TLSConfiguration) {
    (own, isInsecure) = (node.address, node.isInsecure)
    self.tls = tls
  }

  /// Must be called when no more requests come.
  func shutdown() async { try? await client.withLockedValue { $0 }?.shutdown() }

  private var http: HTTPClient {
    client.withLockedValue { client in
      if let client { return client }
      var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
      configuration.timeout.connect = .seconds(1)
      configuration.tlsConfiguration = tls
      configuration.connectionPool.retryConnectionEstablishment = false
      let made = HTTPClient(
        eventLoopGroupProvider: .shared(LoopExecutor.shared.loop), configuration: configuration)
      client = made
      return made
    }
  }

  /// How long the leader may take; longer than it takes to say that it does not know.
  private static let patience = TimeAmount.seconds(Int64(Limits.requestSeconds) + 2)

  /// The leader's answer to a request that this node has authorised.
  ///
  /// - Parameter refusal: why this node does not answer the request itself.
  /// - Returns: `nil` if it must not be handed on.
  func answer(to request: Request, _ body: Bytes, _ refusal: PDBError) async -> Response? {
    guard refusal.code == .notLeader, !request.headers.has(.forwardedBy),
      let leader = refusal.details.first(where: { $0.name == "leader" })?.value.string,
      let address = try? NodeAddress(parsing: leader)
    else { return nil }
    var response: Response
    do {
      response = try await ask(address, request, body)
    } catch {
      response = Self.failure(error, address).response(to: request)
    }
    response.headers.add(.forwarded, address.description)
    return response
  }

  private func ask(
    _ leader: NodeAddress, _ request: Request, _ body: Bytes
  ) async throws -> Response {
    let url = NodeAddress.url(of: leader, isInsecure: isInsecure)
    var outgoing = HTTPClientRequest(url: url + request.uri.string)
    outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
    for field in request.headers where !Self.ownFields.contains(field.name) {
      outgoing.headers.add(name: field.name.rawName, value: field.value)
    }
    outgoing.headers.add(name: HTTPField.Name.forwardedBy.rawName, value: own.description)
    if !body.isEmpty { outgoing.body = .bytes(ByteBuffer(bytes: body)) }
    let answer = try await http.execute(outgoing, timeout: Self.patience)
    let content = try await answer.body.collect(upTo: Self.answerBytes)
    guard answer.status != .temporaryRedirect else {
      return PDBError(
        .noLeader, "the leader changed, and '\(leader)' leads no longer",
        hint: "try again in a moment"
      ).response(to: request)
    }
    var response = Response(
      status: .init(
        code: Int(answer.status.code), reasonPhrase: answer.status.reasonPhrase),
      body: ResponseBody(byteBuffer: content))
    for name in Self.answerFields {
      if let value = answer.headers.first(name: name.rawName) { response.headers.add(name, value) }
    }
    return response
  }

  /// Belongs to one connection, or was checked here.
  private static let ownFields: Set<HTTPField.Name> = [
    .connection, .contentLength, .transferEncoding, .expect, .upgrade, .te, .trailer, .origin,
    .acceptEncoding, .init("Keep-Alive")!,
  ]

  private static let answerFields: [HTTPField.Name] = [
    .contentType, .eTag, .location, .retryAfter, .revision, .consistency,
  ]

  /// Twice what the largest value takes when it is written with escapes.
  private static let answerBytes = 8 << 20

  private static func failure(_ error: any Error, _ leader: NodeAddress) -> PDBError {
    if case .unreachable(let reason) = ClusterClient.result(error) {
      return PDBError(
        .noLeader, "cannot reach the leader, '\(leader)': \(reason)", hint: "try again in a moment")
    }
    return PDBError(
      .unknownOutcome, "the leader, '\(leader)', got the change and did not answer",
      outcome: .unknown,
      hint: "send it again with the same Idempotency-Key: it will be applied once")
  }
}

extension HTTPField.Name {
  /// In an answer: the leader that gave it, if this node handed the request on.
  static let forwarded = Self("PDB-Forwarded")!
  /// In a request: the follower that hands it on.
  static let forwardedBy = Self("PDB-Forwarded-By")!
}

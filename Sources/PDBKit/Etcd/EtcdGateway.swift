// etcd over its JSON gateway: the same server, the same requests as gRPC, and no library of its own.

import AsyncHTTPClient
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import PDBClient
import PDBModel

/// Asks the members of one etcd, whichever answers.
final class EtcdGateway: Sendable {
  let address: EtcdAddress
  private let http: LazyHTTPClient
  private let user: (name: String, password: String)?
  /// What etcd gave for the password.
  private let token = NIOLockedValueBox<String?>(nil)
  private var scheme: String { address.isSecure ? "https" : "http" }
  /// Which endpoint is asked first.
  private let preferred = NIOLockedValueBox(0)

  /// - Throws: `bad_configuration`.
  init(_ address: EtcdAddress, _ access: EtcdAccess) throws(PDBError) {
    self.address = address
    user = access.user
    var configuration = HTTPClient.Configuration()
    configuration.timeout.connect = .seconds(2)
    // A watch that is silent for so long is begun anew: it may be deaf.
    configuration.timeout.read = .seconds(15)
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    configuration.tlsConfiguration = try access.tls(for: address)
    http = LazyHTTPClient(configuration)
  }

  func shutdown() async { await http.shutdown() }

  // MARK: Asking

  /// A question: asked again elsewhere, until one answers or the time is over.
  func ask(_ path: String, _ body: JSON, until end: ContinuousClock.Instant) async throws -> JSON {
    let bytes = ByteBuffer(bytes: body.serialized())
    var last: EtcdFailure?
    for attempt in 0... {
      guard attempt == 0 || ContinuousClock.now < end else { break }
      do { return try await send(path, bytes, attempt, until: end) } catch let error as EtcdFailure
      {
        switch error {
        case .refused, .outOfReach: throw error
        case .unreachable, .unknown: last = error
        }
      }
      try await pause(after: attempt)
    }
    throw last ?? .unknown("no answer in time")
  }

  /// Asks one particular member.
  func ask(
    _ path: String, of endpoint: NodeAddress, until end: ContinuousClock.Instant
  ) async throws -> JSON {
    try await authorized(path, ByteBuffer(string: "{}"), to: endpoint, until: end)
  }

  /// Sends a request with a token; with a new one if etcd does not know it any more.
  private func authorized(
    _ path: String, _ body: ByteBuffer, to endpoint: NodeAddress,
    until end: ContinuousClock.Instant
  ) async throws -> JSON {
    guard user != nil else { return try await send(path, body, to: endpoint, until: end) }
    if token.withLockedValue({ $0 }) == nil { try await authenticate(at: endpoint, until: end) }
    do { return try await send(path, body, to: endpoint, until: end) } catch EtcdFailure.refused(
      let code, let message) where code == 16 || message.contains("auth")
    {
      // Refused before it did anything.
      try await authenticate(at: endpoint, until: end)
      return try await send(path, body, to: endpoint, until: end)
    }
  }

  private func authenticate(
    at endpoint: NodeAddress, until end: ContinuousClock.Instant
  ) async throws {
    guard let user else { return }
    let body: JSON = ["name": .string(user.name), "password": .string(user.password)]
    token.withLockedValue { $0 = nil }
    let answer: JSON
    do {
      answer = try await send(
        "/v3/auth/authenticate", ByteBuffer(bytes: body.serialized()), to: endpoint, until: end)
    } catch EtcdFailure.unknown(let reason) {
      // It changes nothing, whether it was heard or not.
      throw EtcdFailure.unreachable(reason)
    }
    token.withLockedValue { $0 = answer["token"]?.string }
  }

  /// Sends a request once, to one member.
  ///
  /// - Parameter attempt: the how manieth of the same; each goes to another member.
  func send(
    _ path: String, _ body: ByteBuffer, _ attempt: Int, until end: ContinuousClock.Instant
  ) async throws -> JSON {
    let count = address.endpoints.count
    let place = (preferred.withLockedValue { $0 } + attempt) % count
    let answer = try await authorized(path, body, to: address.endpoints[place], until: end)
    if attempt > 0 { preferred.withLockedValue { $0 = place } }
    return answer
  }

  /// Waits a little once all members were asked.
  func pause(after attempt: Int) async throws {
    guard attempt % address.endpoints.count == address.endpoints.count - 1 else { return }
    try await Task.sleep(for: .milliseconds(Int64.random(in: 20...100)))
  }

  /// How long one member may take; it must make it within that, or another one is asked.
  private static func patience(_ body: ByteBuffer) -> Duration {
    .milliseconds(3000 + body.readableBytes / 100)
  }

  private func send(
    _ path: String, _ body: ByteBuffer, to endpoint: NodeAddress,
    until end: ContinuousClock.Instant
  ) async throws -> JSON {
    var request = HTTPClientRequest(url: "\(scheme)://\(endpoint)\(path)")
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/json")
    if let token = token.withLockedValue({ $0 }) {
      request.headers.add(name: "Authorization", value: token)
    }
    request.body = .bytes(body)
    let patience = min(
      Self.patience(body), max(.milliseconds(50), ContinuousClock.now.duration(to: end)))
    let status: HTTPResponseStatus
    let bytes: ByteBuffer
    do {
      let response = try await http.client.execute(
        request, timeout: .milliseconds(patience.milliseconds))
      status = response.status
      bytes = try await response.body.collect(upTo: Self.largestAnswer)
    } catch is CancellationError {
      throw CancellationError()
    } catch let error as HTTPClientError where error == .connectTimeout {
      throw EtcdFailure.unreachable("\(endpoint) does not answer")
    } catch let error as NIOConnectionError {
      throw EtcdFailure.unreachable("\(error.host):\(error.port) refuses connections")
    } catch {
      throw EtcdFailure.unknown("\(endpoint): \(error)")
    }
    guard let json = try? JSON(parsing: Bytes(buffer: bytes)), json.members != nil else {
      guard status != .notFound else {
        throw EtcdFailure.refused(code: 12, message: "\(endpoint) has no JSON gateway at \(path)")
      }
      let text = String(decoding: Bytes(buffer: bytes).prefix(200), as: UTF8.self)
      // The gateway says so before it hands anything on, as for certificates that it does not want.
      guard status != .badRequest else {
        throw EtcdFailure.refused(code: 3, message: text.escapingControlCharacters)
      }
      throw EtcdFailure.unknown("\(endpoint) answered \(status.code) with no JSON")
    }
    if status == .ok { return json }
    throw Self.failure(json, status, endpoint)
  }

  /// The changes of a key from now on; ends when the member that tells them does.
  func watch(_ key: Bytes) -> AsyncThrowingStream<EtcdPair, any Error> {
    let body: JSON = [
      "create_request": ["key": .string(key.base64), "progress_notify": true]
    ]
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: EtcdPair.self)
    let place = preferred.withLockedValue { $0 } % address.endpoints.count
    let task = Task { [http, address, scheme, token] in
      do {
        var request = HTTPClientRequest(url: "\(scheme)://\(address.endpoints[place])/v3/watch")
        request.method = .POST
        if let token = token.withLockedValue({ $0 }) {
          request.headers.add(name: "Authorization", value: token)
        }
        request.body = .bytes(ByteBuffer(bytes: body.serialized()))
        let answer = try await http.client.execute(request, deadline: .distantFuture)
        var line: Bytes = []
        for try await part in answer.body {
          for byte in part.readableBytesView {
            guard byte == UInt8(ascii: "\n") else {
              line.append(byte)
              continue
            }
            let result = (try? JSON(parsing: line))?["result"]
            line = []
            guard let result, result["canceled"]?.bool != true else {
              return continuation.finish()
            }
            for event in result["events"]?.array ?? [] {
              if let pair = event["kv"].flatMap(EtcdPair.init) { continuation.yield(pair) }
            }
          }
        }
        continuation.finish()
      } catch { continuation.finish(throwing: error) }
    }
    // Another one next time.
    continuation.onTermination = { [preferred] _ in
      task.cancel()
      preferred.withLockedValue { $0 += 1 }
    }
    return stream
  }

  private static let largestAnswer = 256 << 20

  /// What an error says of the request: by its code and message; the HTTP status changed between versions.
  private static func failure(
    _ json: JSON, _ status: HTTPResponseStatus, _ endpoint: NodeAddress
  ) -> EtcdFailure {
    let code = Int(json["code"]?.int64 ?? -1)
    let message = json["message"]?.string ?? json["error"]?.string ?? "status \(status.code)"
    if message.contains("required revision") { return .outOfReach }
    if message.contains("database space exceeded") { return .unknown(message) }
    switch code {
    // invalid argument, not found, already exists, permission denied, resource exhausted (too many requests),
    // failed precondition, unimplemented, unauthenticated
    case 3, 5, 6, 7, 8, 9, 12, 16: return .refused(code: code, message: message)
    default: return .unknown("\(endpoint): \(message)")
    }
  }
}

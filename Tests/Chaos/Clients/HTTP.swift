// One request to one node.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What came of a request.
enum Attempt: Sendable {
  case answer(HTTPAnswer)
  /// There was no connection: the node cannot have got it.
  case notSent
  /// The node may have got it.
  case lost
}

struct HTTPAnswer: Sendable {
  let status: UInt
  let headers: HTTPHeaders
  let body: Data

  var isSuccess: Bool { (200..<300).contains(status) }

  func decoded<T: Decodable>(_ type: T.Type = T.self) -> T? {
    try? JSONDecoder().decode(type, from: body)
  }

  func number(_ header: String) -> UInt64? {
    headers.first(name: header).flatMap { UInt64($0) }
  }
}

/// A request as a node gets it.
struct HTTPRequest: Sendable {
  var method: HTTPMethod = .GET
  var path: String
  var body: Data?
  var headers: HTTPHeaders = [:]
}

/// Talks to the nodes. Follows nothing and repeats nothing.
final class HTTP: Sendable {
  let addresses: [String]
  let token: String
  private let client: HTTPClient

  init(addresses: [String], token: String) {
    self.addresses = addresses
    self.token = token
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.timeout.connect = .milliseconds(300)
    // Who the nodes are is not what is tested, and their clocks jump.
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.certificateVerification = .none
    configuration.tlsConfiguration = tls
    configuration.connectionPool.retryConnectionEstablishment = false
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  func shutdown() async { try? await client.shutdown() }

  func send(_ request: HTTPRequest, to node: Int, within patience: Duration) async -> Attempt {
    var outgoing = HTTPClientRequest(url: "https://\(addresses[node])\(request.path)")
    outgoing.method = request.method
    outgoing.headers = request.headers
    outgoing.headers.add(name: "Authorization", value: "Bearer \(token)")
    if let body = request.body {
      outgoing.headers.add(name: "Content-Type", value: "application/json")
      outgoing.body = .bytes(body)
    }
    do {
      return .answer(try await answer(to: outgoing, within: patience))
    } catch let error as HTTPClientError where error == .connectTimeout {
      return .notSent
    } catch let error as NIOConnectionError where Self.isRefused(error) {
      return .notSent
    } catch {
      return .lost
    }
  }

  func get<T: Decodable>(_ path: String, from node: Int, within patience: Duration) async -> T? {
    guard
      case .answer(let answer) = await send(
        HTTPRequest(path: path), to: node, within: patience), answer.isSuccess
    else { return nil }
    return answer.decoded()
  }

  private func answer(to request: HTTPClientRequest, within patience: Duration) async throws
    -> HTTPAnswer
  {
    try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
      group.addTask {
        let response = try await self.client.execute(request, timeout: .hours(1))
        let body = try await response.body.collect(upTo: 1 << 28)
        return HTTPAnswer(
          status: response.status.code, headers: response.headers,
          body: Data(body.readableBytesView))
      }
      group.addTask {
        try await Task.sleep(for: patience)
        throw CancellationError()
      }
      defer { group.cancelAll() }
      return try await group.next()!
    }
  }

  private static func isRefused(_ error: NIOConnectionError) -> Bool {
    !error.connectionErrors.isEmpty
      && error.connectionErrors.allSatisfy {
        ($0.error as? IOError)?.errnoCode == ECONNREFUSED
      }
  }
}

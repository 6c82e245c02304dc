// A program's own controls over HTTP, for pages and commands of the same machine that know its token.

import Crypto
import Foundation
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
package import PDBModel
package import ServiceLifecycle

/// Serves `GET /` and `POST /VERB` on a port of this machine that the system chooses.
package struct ControlServer: Service {
  /// Carries out what a verb asks for; for `GET /` the verb is empty.
  package typealias Handler = @Sendable (_ verb: String, _ body: JSON) async throws -> JSON

  /// What a client must know: 32 hexadecimal digits, drawn anew each time.
  package let token = String(
    (0..<32).map { _ in "0123456789abcdef".randomElement()! })
  private let logger: Logger
  private let isListening: @Sendable (_ url: String) async -> Void
  private let handler: Handler

  /// - Parameters:
  ///   - isListening: called once, with the URL by which clients reach it.
  package init(
    logger: Logger, isListening: @escaping @Sendable (String) async -> Void,
    handler: @escaping Handler
  ) {
    (self.logger, self.isListening, self.handler) = (logger, isListening, handler)
  }

  package func run() async throws {
    let router = Router()
    router.on("/", method: .get) { request, _ in try await answer(request, "") }
    router.on("/:verb", method: .post) { request, context in
      try await answer(request, context.parameters.get("verb") ?? "")
    }
    for path: RouterPath in ["/", "/:verb"] {
      router.on(path, method: .options) { request, _ in
        Response(status: .noContent, headers: headers(for: request))
      }
    }
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in
        await isListening("http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
      }, logger: logger)
    try await application.run()
  }

  private func answer(_ request: Request, _ verb: String) async throws -> Response {
    var response: Response
    do {
      try check(request)
      let body = try await request.body.collect(upTo: 64 << 10)
      let json = body.readableBytes == 0 ? [:] : try JSON(parsing: Bytes(buffer: body))
      response = Response(json: try await handler(verb, json))
    } catch let error as PDBError {
      response = error.response(to: request)
    } catch is JSON.SyntaxError {
      response = PDBError(.malformedJSON, "the body is not JSON").response(to: request)
    }
    for field in headers(for: request) { response.headers[field.name] = field.value }
    return response
  }

  private func check(_ request: Request) throws {
    let given = request.headers[.authorization] ?? ""
    // Compared by their hashes, so that time tells nothing of the token.
    guard SHA256.hash(data: Data(given.utf8)) == SHA256.hash(data: Data("Bearer \(token)".utf8))
    else {
      throw PDBError(
        .unauthorized, "the lab wants its token", hint: "'pdb lab up' prints a link with it")
    }
  }

  /// A page of this machine may read the answers; it needs the token all the same.
  private func headers(for request: Request) -> HTTPFields {
    var headers: HTTPFields = [.cacheControl: "no-store"]
    guard let origin = request.headers[.origin],
      let host = URL(string: origin)?.host,
      ["127.0.0.1", "localhost", "[::1]", "::1"].contains(host)
    else { return headers }
    headers[.accessControlAllowOrigin] = origin
    headers[.accessControlAllowMethods] = "GET, POST"
    headers[.accessControlAllowHeaders] = "Authorization, Content-Type"
    headers[.vary] = "Origin"
    return headers
  }
}

// Pages without a node: their files, and answers to what they ask.

import Foundation
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
package import PDBModel
package import ServiceLifecycle

/// Serves one page of pdb, and questions of it, to browsers of this machine.
package struct PageServer: Service {
  /// Answers a question, named by its path, with the names and values of its query.
  package typealias Handler =
    @Sendable (_ path: String, _ query: [String: String]) async throws -> JSON

  private let index: String
  private let port: Int
  private let logger: Logger
  private let isListening: @Sendable (_ url: String) async -> Void
  private let handler: Handler

  /// - Parameters:
  ///   - index: the file that is shown at `/`.
  ///   - port: 0 for one that the system chooses.
  ///   - isListening: called once, with the URL by which browsers reach it.
  package init(
    index: String, port: Int, logger: Logger,
    isListening: @escaping @Sendable (String) async -> Void, handler: @escaping Handler
  ) {
    self.index = index
    self.port = port
    self.logger = logger
    self.isListening = isListening
    self.handler = handler
  }

  package func run() async throws {
    let router = Router()
    router.on("/", method: .get) { request, _ in try await answer(request) }
    router.on("**", method: .get) { request, _ in try await answer(request) }
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
      onServerRunning: { channel in
        await isListening("http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
      }, logger: logger)
    do { try await application.run() } catch let error as IOError
      where error.errnoCode == EADDRINUSE
    {
      throw PDBError(
        .portInUse, "port \(port) is in use", hint: "choose another one with --port")
    }
  }

  private func answer(_ request: Request) async throws -> Response {
    do {
      try check(request)
      let path = request.uri.path
      if path == "/" || path.hasPrefix("/page/") {
        let file = path == "/" ? index : String(path.dropFirst("/page/".count))
        return try PageAsset.answer(
          to: request, with: file, PageAsset.policy(connectingTo: "'self'"))
      }
      var query: [String: String] = [:]
      for (name, value) in request.uri.queryParameters { query[String(name)] = String(value) }
      return Response(json: try await handler(path, query))
    } catch let error as PDBError {
      return error.response(to: request)
    }
  }

  /// A page of a foreign site can make a browser believe that its name is 127.0.0.1.
  private func check(_ request: Request) throws {
    let host = (request.head.authority ?? "").split(separator: ":").first
    guard host == "127.0.0.1" || host == "localhost" else {
      throw PDBError(.forbiddenHost, "only http://127.0.0.1 and http://localhost are served")
    }
    guard request.headers[.secFetchSite] != "cross-site" || request.uri.path == "/" else {
      throw PDBError(.forbiddenOrigin, "pages of other sites may not use this one")
    }
  }
}

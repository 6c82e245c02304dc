// Connections that are made when they are needed: a command on a folder needs none.

import AsyncHTTPClient
import NIOConcurrencyHelpers

/// An HTTP client that begins with its first request.
final class LazyHTTPClient: Sendable {
  private let configuration: HTTPClient.Configuration
  private let made = NIOLockedValueBox<HTTPClient?>(nil)

  init(_ configuration: HTTPClient.Configuration) { self.configuration = configuration }

  var client: HTTPClient {
    made.withLockedValue { made in
      if let made { return made }
      let client = HTTPClient(
        eventLoopGroupProvider: .shared(Loops.group), configuration: configuration)
      made = client
      return client
    }
  }

  func shutdown() async { try? await made.withLockedValue { $0 }?.shutdown() }
}

// Connections that are made when they are needed: a command on a folder needs none.

package import AsyncHTTPClient
import NIOConcurrencyHelpers

/// An HTTP client that begins with its first request.
package final class LazyHTTPClient: Sendable {
  private let configuration: HTTPClient.Configuration
  private let made = NIOLockedValueBox<HTTPClient?>(nil)

  package init(_ configuration: HTTPClient.Configuration) { self.configuration = configuration }

  package var client: HTTPClient {
    made.withLockedValue { made in
      if let made { return made }
      let client = HTTPClient(
        eventLoopGroupProvider: .shared(Loops.group), configuration: configuration)
      made = client
      return client
    }
  }

  package func shutdown() async {
    let client = made.withLockedValue { made in
      defer { made = nil }
      return made
    }
    try? await client?.shutdown()
  }

  /// A client that is let go of without that must not end the program.
  deinit {
    if let client = made.withLockedValue({ $0 }) { Task { try? await client.shutdown() } }
  }
}

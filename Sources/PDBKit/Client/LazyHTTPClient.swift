// Connections that are made when they are needed: a command on a folder needs none.

package import AsyncHTTPClient
import NIOConcurrencyHelpers

/// An HTTP client that begins with its first request.
package final class LazyHTTPClient: Sendable {
  private let configuration: HTTPClient.Configuration
  private let made = NIOLockedValueBox<HTTPClient?>(nil)
  private let isShutDown = NIOLockedValueBox(false)

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
    isShutDown.withLockedValue { $0 = true }
    try? await made.withLockedValue { $0 }?.shutdown()
  }

  /// A client that is let go of without that must not end the program.
  deinit {
    guard let client = made.withLockedValue({ $0 }), !isShutDown.withLockedValue({ $0 }) else {
      return
    }
    Task { try? await client.shutdown() }
  }
}

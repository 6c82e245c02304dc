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

  package func shutdown() async { try? await made.withLockedValue { $0 }?.shutdown() }
}

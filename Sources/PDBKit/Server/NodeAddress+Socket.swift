// The ends of a connection.

import NIOCore
import PDBModel

extension NodeAddress {
  /// - Returns: `nil` for what is no IP address.
  init?(_ address: SocketAddress) {
    guard let host = address.ipAddress, let port = address.port else { return nil }
    self.init(host: host, port: port)
  }
}

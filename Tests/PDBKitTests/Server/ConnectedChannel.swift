// A channel in memory that is as active as an accepted connection.

import NIOCore
import NIOEmbedded

extension EmbeddedChannel {
  static func connected(on loop: EmbeddedEventLoop) -> EmbeddedChannel {
    let channel = EmbeddedChannel(loop: loop)
    if let address = try? SocketAddress(ipAddress: "127.0.0.1", port: 1) {
      channel.connect(to: address, promise: nil)
    }
    return channel
  }
}

// An offer to change the protocol that is not ours, or that is none, is ignored (RFC 9110, section 7.8).

import NIOCore
import NIOHTTP1

/// Takes `Upgrade` out of a connection's first request if it offers no protocol that this node would
/// change to: the handler that follows would wait for the upgrade, and the request would get no
/// answer. Without `Connection: Upgrade` it is no offer either: there the decoder reads on, and what it
/// reads must not come to where frames are expected. It looks at no other request.
final class UpgradeFilter: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  private let protocols: [String]

  init(protocols: [String]) { self.protocols = protocols }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .head(var head) = unwrapInboundIn(data), head.headers.contains(name: "Upgrade") {
      let offered = head.headers[canonicalForm: "Upgrade"].map { $0.lowercased() }
      let isOffer = head.headers[canonicalForm: "Connection"].contains {
        $0.lowercased() == "upgrade"
      }
      if !isOffer || !offered.contains(where: protocols.contains) {
        head.headers.remove(name: "Upgrade")
        // SwiftNIO's decoder reads nothing more behind an offer: this request is the last.
        head.headers.replaceOrAdd(name: "Connection", value: "close")
      }
      context.fireChannelRead(wrapInboundOut(.head(head)))
    } else {
      context.fireChannelRead(data)
    }
    // After an upgrade there are other things than parts of requests.
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }
}

// One connection of a load: one request after the other, without anything in between that would
// take longer than the cluster's answer.

import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import PDBClient
import PDBModel

/// A connection to one node.
struct LoadConnection: Sendable {
  /// Why there was no answer.
  struct Failure: Error { let reason: String }

  /// An answer, without its body if it tells of success.
  struct Answer: Sendable {
    var status: UInt = 0
    var body: ByteBuffer?
  }

  private let channel: any Channel
  private let exchange: NIOLoopBound<LoadExchange>

  /// - Parameter patience: how long an answer may take.
  static func connect(to address: NodeAddress, patience: Duration) async throws -> Self {
    do {
      return try await ClientBootstrap(group: LoopExecutor.shared.loop)
        .connectTimeout(.seconds(2))
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .connect(host: address.host, port: address.port) { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHTTPClientHandlers()
            let exchange = LoadExchange(patience: TimeAmount(patience))
            try channel.pipeline.syncOperations.addHandler(exchange)
            return Self(
              channel: channel, exchange: NIOLoopBound(exchange, eventLoop: channel.eventLoop))
          }
        }
    } catch {
      throw Failure(reason: "no connection to \(address)")
    }
  }

  /// Sends a request and waits for the answer; must run on the loop.
  func send(_ head: HTTPRequestHead, _ body: ByteBuffer?) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
      exchange.value.begin(continuation, on: channel)
      channel.write(HTTPClientRequestPart.head(head), promise: nil)
      if let body { channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil) }
      channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }
  }

  func close() { channel.close(promise: nil) }
}

/// Puts the answer together for the caller that waits for it.
private final class LoadExchange: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let patience: TimeAmount
  private var waiting: CheckedContinuation<LoadConnection.Answer, any Error>?
  private var begun = NIODeadline.now()
  private var answer = LoadConnection.Answer()
  private var keepsOpen = true
  private var clock: RepeatedTask?

  init(patience: TimeAmount) { self.patience = patience }

  func begin(
    _ continuation: CheckedContinuation<LoadConnection.Answer, any Error>, on channel: any Channel
  ) {
    guard channel.isActive else {
      return continuation.resume(throwing: LoadConnection.Failure(reason: "connection lost"))
    }
    waiting = continuation
    begun = .now()
  }

  func channelActive(context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    clock = context.eventLoop.scheduleRepeatedTask(
      initialDelay: .milliseconds(200), delay: .milliseconds(200)
    ) { _ in
      let (exchange, context) = bound.value
      guard exchange.waiting != nil, NIODeadline.now() - exchange.begun > exchange.patience else {
        return
      }
      exchange.fail("no answer in time")
      context.close(promise: nil)
    }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      answer = LoadConnection.Answer(status: head.status.code)
      keepsOpen = head.isKeepAlive
    case .body(var part):
      guard answer.status >= 300 else { return }
      if answer.body == nil { answer.body = part } else { answer.body!.writeBuffer(&part) }
    case .end:
      waiting?.resume(returning: answer)
      waiting = nil
      if !keepsOpen { context.close(promise: nil) }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    clock?.cancel()
    fail("connection lost")
    context.fireChannelInactive()
  }

  private func fail(_ reason: String) {
    waiting?.resume(throwing: LoadConnection.Failure(reason: reason))
    waiting = nil
  }
}

// One client's connection: requests come in, one after the other, and answers go out.
//
// Everything here happens on the channel's event loop: a request whose answer needs no waiting is
// answered without ever leaving it.

import Hummingbird
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Puts requests together, has them answered, and writes the answers.
final class HTTPConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundOut = HTTPResponsePart

  private let requests: RequestGuard
  private let executor: LoopExecutor
  /// The request that is coming in.
  private var head: HTTPRequest?
  private var body = ByteBuffer()
  private var isTooLarge = false
  private var bodyDeadline: Scheduled<Void>?
  /// The answer under way; it ends with the connection.
  private var answer: Task<Void, Never>?
  private var isAnswering = false
  /// What came while a request was answered (RFC 9112, section 9.3.2).
  private var waiting: [HTTPRequestPart] = []
  private var isLast = false
  private var waitsForSpace: CheckedContinuation<Void, any Error>?

  init(_ requests: RequestGuard, executor: LoopExecutor) {
    self.requests = requests
    self.executor = executor
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    guard isAnswering else { return take(part, context) }
    waiting.append(part)
    // No client has a reason to go on like that; it is read on when this is answered.
    if waiting.count == Self.waitingParts { setReading(false, context.channel) }
  }

  private static let waitingParts = 256

  private func setReading(_ isReading: Bool, _ channel: any Channel) {
    channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
  }

  private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
    switch part {
    case .head(let head):
      self.head = head
      body.clear()
      isTooLarge = false
    case .body(var part):
      if body.readableBytes + part.readableBytes > Limits.bodyBytes {
        isTooLarge = true
        body.clear()
      } else if body.readableBytes == 0 {
        body = part
      } else {
        body.writeBuffer(&part)
      }
    case .end:
      guard let head else { return }
      let failure = isTooLarge ? RequestGuard.tooLarge : nil
      begin(head, failure, context)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if head != nil && bodyDeadline == nil { awaitBody(context) }
    context.fireChannelReadComplete()
  }

  /// The rest of a request must come in time.
  private func awaitBody(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    bodyDeadline = context.eventLoop.scheduleTask(in: .seconds(Int64(Limits.bodySeconds))) {
      let (connection, context) = bound.value
      guard let head = connection.head else { return }
      connection.isLast = true
      let failure = PDBError(
        .badRequest, "the body did not arrive within \(Limits.bodySeconds) seconds")
      connection.begin(head, failure, context)
    }
  }

  private func begin(
    _ head: HTTPRequest, _ failure: PDBError?, _ context: ChannelHandlerContext
  ) {
    self.head = nil
    bodyDeadline?.cancel()
    bodyDeadline = nil
    if head.headerFields[.connection]?.lowercased() == "close" { isLast = true }
    isAnswering = true
    let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
    let content = Bytes(buffer: body)
    body.clear()
    let channel = context.channel
    let connection = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    answer = Task.immediate(executorPreference: executor) { [requests] in
      var response = await requests.respond(to: request, body: content, failure: failure)
      response.headers[.date] = HTTPDate.now
      let writer = AnswerWriter(
        connection: connection, channel: channel, isStream: response.body.contentLength == nil)
      channel.write(HTTPResponsePart.head(response.head), promise: nil)
      do {
        try await response.body.write(writer)
      } catch {
        // What was begun cannot be taken back; the client must see that it is not whole.
        channel.close(promise: nil)
      }
    }
  }

  // MARK: Answers

  fileprivate func answered(_ context: ChannelHandlerContext) {
    isAnswering = false
    answer = nil
    let channel = context.channel
    guard isLast else {
      channel.writeAndFlush(HTTPResponsePart.end(nil), promise: nil)
      return takeWaiting(context)
    }
    channel.writeAndFlush(HTTPResponsePart.end(nil)).whenComplete { _ in
      channel.close(promise: nil)
    }
  }

  private func takeWaiting(_ context: ChannelHandlerContext) {
    guard !waiting.isEmpty, context.channel.isActive else { return }
    let parts = waiting
    waiting = []
    if parts.count >= Self.waitingParts { setReading(true, context.channel) }
    for part in parts { channelRead(context: context, data: wrapInboundOut(part)) }
  }

  /// Returns when the client has taken enough of what was written.
  fileprivate func untilThereIsSpace(_ channel: any Channel) async throws {
    guard !channel.isWritable else { return }
    guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
    try await withCheckedThrowingContinuation { waitsForSpace = $0 }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      waitsForSpace?.resume()
      waitsForSpace = nil
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: The end

  func channelInactive(context: ChannelHandlerContext) {
    head = nil
    bodyDeadline?.cancel()
    answer?.cancel()
    waitsForSpace?.resume(throwing: ChannelError.ioOnClosedChannel)
    waitsForSpace = nil
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed {
      // The client will ask nothing more, but may wait for the answer.
      isLast = true
      if !isAnswering { context.close(promise: nil) }
    }
    context.fireUserInboundEventTriggered(event)
  }
}

/// Writes one answer's body: all at once if its length is known, else piece by piece, as fast as
/// the client takes it.
private struct AnswerWriter: ResponseBodyWriter {
  let connection: NIOLoopBound<(HTTPConnection, ChannelHandlerContext)>
  let channel: any Channel
  let isStream: Bool

  func write(_ buffer: ByteBuffer) async throws {
    guard isStream else { return channel.write(HTTPResponsePart.body(buffer), promise: nil) }
    guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
    channel.writeAndFlush(HTTPResponsePart.body(buffer), promise: nil)
    try await connection.value.0.untilThereIsSpace(channel)
  }

  consuming func finish(_ trailers: HTTPFields?) async throws {
    connection.value.0.answered(connection.value.1)
  }
}

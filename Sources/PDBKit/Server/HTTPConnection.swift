// One client's connection: requests come in, one after the other, and answers go out.
//
// Everything here happens on the channel's event loop: a request whose answer needs no waiting is
// answered without ever leaving it.

import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// Puts requests together, has them answered, and writes the answers.
final class HTTPConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  private let requests: RequestGuard
  private let executor: LoopExecutor
  /// The request that is coming in.
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var isTooLarge = false
  private var bodyDeadline: Scheduled<Void>?
  /// The answer under way; it ends with the connection.
  private var answer: Task<Void, Never>?
  private var isAnswering = false
  /// What came while a request was answered (RFC 9112, section 9.3.2).
  private var waiting: [HTTPServerRequestPart] = []
  private var lastActive = NIODeadline.now()
  private var idleCheck: Scheduled<Void>?
  private var isLast = false
  private var waitsForSpace: CheckedContinuation<Void, any Error>?

  init(_ requests: RequestGuard, executor: LoopExecutor) {
    self.requests = requests
    self.executor = executor
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    receive(unwrapInboundIn(data), context)
  }

  private func receive(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
    guard isAnswering else { return take(part, context) }
    waiting.append(part)
    // No client has a reason to go on like that; it is read on when this is answered.
    if waiting.count == Self.waitingParts { setReading(false, context.channel) }
  }

  private static let waitingParts = 256

  private func setReading(_ isReading: Bool, _ channel: any Channel) {
    channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
  }

  private func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
    switch part {
    case .head(let head):
      self.head = head
      lastActive = .now()
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
    _ head: HTTPRequestHead, _ failure: PDBError?, _ context: ChannelHandlerContext
  ) {
    self.head = nil
    bodyDeadline?.cancel()
    bodyDeadline = nil
    isAnswering = true
    if !head.isKeepAlive || head.version != .http1_1 { isLast = true }
    guard let parsed = try? HTTPRequest(head, secure: false, splitCookie: false) else {
      return refuse(context)
    }
    let request = Request(head: parsed, body: RequestBody(buffer: ByteBuffer()))
    let hasBody = head.method != .HEAD
    let version = head.version
    let content = Bytes(buffer: body)
    body.clear()
    let channel = context.channel
    let connection = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    answer = Task.immediate(executorPreference: executor) { [requests] in
      let response = await requests.respond(to: request, body: content, failure: failure)
      let writer = AnswerWriter(
        connection: connection, channel: channel,
        framing: AnswerFraming(response, version, hasBody: hasBody))
      do {
        try await response.body.write(writer)
      } catch {
        // What was begun cannot be taken back; the client must see that it is not whole.
        channel.close(promise: nil)
      }
    }
  }

  // MARK: Answers

  fileprivate func answer(_ end: ByteBuffer, _ context: ChannelHandlerContext) {
    isAnswering = false
    answer = nil
    lastActive = .now()
    guard isLast else {
      context.writeAndFlush(wrapOutboundOut(end), promise: nil)
      return takeWaiting(context)
    }
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(end)).whenComplete { _ in channel.close(promise: nil) }
  }

  /// What cannot be understood is answered without asking anybody.
  private func refuse(_ context: ChannelHandlerContext) {
    let text = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    isLast = true
    answer(ByteBuffer(string: text), context)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard error is HTTPParserError, !isAnswering else { return context.close(promise: nil) }
    refuse(context)
  }

  private func takeWaiting(_ context: ChannelHandlerContext) {
    guard !waiting.isEmpty, context.channel.isActive else { return }
    let parts = waiting
    waiting = []
    if parts.count >= Self.waitingParts { setReading(true, context.channel) }
    for part in parts { receive(part, context) }
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

  func handlerAdded(context: ChannelHandlerContext) { awaitRequest(context) }

  /// A client that says nothing for long is let go.
  private func awaitRequest(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let deadline = lastActive + .seconds(Int64(Limits.idleSeconds))
    idleCheck = context.eventLoop.scheduleTask(deadline: deadline) {
      let (connection, context) = bound.value
      if connection.isAnswering { connection.lastActive = .now() }
      if NIODeadline.now() - connection.lastActive >= .seconds(Int64(Limits.idleSeconds)) {
        context.close(promise: nil)
      } else {
        connection.awaitRequest(context)
      }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    head = nil
    idleCheck?.cancel()
    bodyDeadline?.cancel()
    answer?.cancel()
    waitsForSpace?.resume(throwing: ChannelError.ioOnClosedChannel)
    waitsForSpace = nil
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed || event is ChannelShouldQuiesceEvent {
      // No more is asked or taken, but an answer may be on its way.
      isLast = true
      if !isAnswering { context.close(promise: nil) }
    }
    context.fireUserInboundEventTriggered(event)
  }
}

/// Writes one answer: all at once if its length is known, else piece by piece, as fast as the
/// client takes it.
private struct AnswerWriter: ResponseBodyWriter {
  let connection: NIOLoopBound<(HTTPConnection, ChannelHandlerContext)>
  let channel: any Channel
  var framing: AnswerFraming

  mutating func write(_ buffer: ByteBuffer) async throws {
    framing.add(buffer)
    guard framing.isStream else { return }
    guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
    channel.writeAndFlush(framing.take(), promise: nil)
    try await connection.value.0.untilThereIsSpace(channel)
  }

  consuming func finish(_ trailers: HTTPFields?) async throws {
    framing.end()
    connection.value.0.answer(framing.take(), connection.value.1)
  }
}

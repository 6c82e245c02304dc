// One client's connection: requests come in, one after the other, and answers go out.
//
// Everything here happens on the channel's event loop: a request whose answer needs no waiting is
// answered without ever leaving it.

import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import PDBClient
import PDBModel

/// Puts requests together, has them answered, and writes the answers.
final class HTTPConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  private let requests: RequestGuard
  private let executor: LoopExecutor
  private let connections: OpenConnections
  private let slot: OpenConnections.Slot
  /// The request that is coming in.
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var bodyCheck: Scheduled<Void>?
  private var bodyDeadline: Scheduled<Void>?
  /// The answer under way; it ends with the connection.
  private var answer: Task<Void, Never>?
  private var isAnswering = false
  /// What came while a request was answered (RFC 9112, section 9.3.2).
  private var pipelined: [HTTPServerRequestPart] = []
  private(set) var lastActive = NIODeadline.now()
  /// Whether a request was answered here before.
  private(set) var hasAnswered = false
  private var idleCheck: Scheduled<Void>?
  private var closesAfterAnswer = false
  /// Whether the rest of a request that is answered already comes in.
  private var isDiscarding = false
  private var writableWaiter: CheckedContinuation<Void, any Error>?

  init(
    _ requests: RequestGuard, executor: LoopExecutor, connections: OpenConnections,
    slot: OpenConnections.Slot
  ) {
    self.requests = requests
    self.executor = executor
    self.connections = connections
    self.slot = slot
  }

  /// Whether nothing is asked and nothing answered.
  var isIdle: Bool { head == nil && !isAnswering }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    receive(unwrapInboundIn(data), context)
  }

  private func receive(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
    if isDiscarding { return discard(part, context) }
    guard isAnswering else { return assemble(part, context) }
    pipelined.append(part)
    // No client has a reason to go on like that; it is read on when this is answered.
    if pipelined.count == Self.maxPipelinedParts { setReading(false, context.channel) }
  }

  private static let maxPipelinedParts = 256

  private func setReading(_ isReading: Bool, _ channel: any Channel) {
    channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
  }

  private func assemble(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
    switch part {
    case .head(let head):
      self.head = head
      lastActive = .now()
      body.clear()
    case .body(var part):
      guard let head else { return }
      if body.readableBytes + part.readableBytes > Limits.bodyBytes {
        answerEarly(head, RequestGuard.tooLarge, context)
      } else if body.readableBytes == 0 {
        body = part
      } else {
        body.writeBuffer(&part)
      }
    case .end:
      guard let head else { return }
      startAnswer(head, nil, context)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if head != nil && bodyDeadline == nil { scheduleBodyDeadline(context) }
    context.fireChannelReadComplete()
  }

  /// The rest of a request must come in time.
  private func scheduleBodyDeadline(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    // Not at once: what was read with the head may still be on its way here.
    bodyCheck = context.eventLoop.scheduleTask(in: .zero) {
      let (connection, context) = bound.value
      connection.checkEarly(context)
    }
    bodyDeadline = context.eventLoop.scheduleTask(in: .seconds(Int64(Limits.bodySeconds))) {
      let (connection, context) = bound.value
      guard let head = connection.head else { return }
      let failure = PDBError(
        .badRequest, "the body did not arrive within \(Limits.bodySeconds) seconds")
      connection.answerEarly(head, failure, context)
    }
  }

  /// The body is not there yet: a request that will be refused is refused now, and a client that
  /// waits for a word is told to go on (RFC 9110, section 10.1.1).
  private func checkEarly(_ context: ChannelHandlerContext) {
    guard let head, let request = Self.request(head) else { return }
    if let failure = overLimitRefusal(head) ?? requests.objection(to: request) {
      return answerEarly(head, failure, context)
    }
    guard head.version == .http1_1,
      head.headers.first(name: "Expect")?.lowercased() == "100-continue"
    else { return }
    let answer = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
    context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
  }

  /// Answers a request before all of it is there; what still comes is read and dropped for a
  /// moment, for a connection that is closed at once may take the answer with it (RFC 9112,
  /// section 9.6).
  private func answerEarly(
    _ head: HTTPRequestHead, _ failure: PDBError, _ context: ChannelHandlerContext
  ) {
    closesAfterAnswer = true
    isDiscarding = true
    startAnswer(head, failure, context)
  }

  private func discard(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
    guard case .end = part else { return }
    isDiscarding = false
    if !isAnswering { context.close(promise: nil) }
  }

  private static func request(_ head: HTTPRequestHead) -> Request? {
    guard let parsed = try? HTTPRequest(head, secure: false, splitCookie: false) else { return nil }
    return Request(head: parsed, body: RequestBody(buffer: ByteBuffer()))
  }

  /// What is wrong with the form of a request: a server must not guess which of two hosts is meant
  /// (RFC 9112, section 3.2).
  private static func formError(of request: Request, _ version: HTTPVersion) -> PDBError? {
    // The first one was taken out of the fields when the request was read.
    if request.headers.has(.host) {
      return PDBError(.badRequest, "there is more than one 'Host' header", hint: "send one")
    }
    guard request.head.authority == nil, version == .http1_1 else { return nil }
    return PDBError(.badRequest, "the 'Host' header is missing")
  }

  /// A connection that came when there was no room is there for probes.
  private func overLimitRefusal(_ head: HTTPRequestHead) -> PDBError? {
    connections.isWithinLimit(slot) || RequestGuard.isProbe(head.uri) ? nil : RequestGuard.noRoom
  }

  private func startAnswer(
    _ head: HTTPRequestHead, _ failure: PDBError?, _ context: ChannelHandlerContext
  ) {
    self.head = nil
    if let bodyDeadline {
      bodyCheck?.cancel()
      bodyDeadline.cancel()
      self.bodyDeadline = nil
    }
    isAnswering = true
    // SwiftNIO's decoder reads nothing more behind an offer to upgrade.
    let offersUpgrade = head.headers.contains(name: "Upgrade")
    if !head.isKeepAlive || head.version != .http1_1 || offersUpgrade { closesAfterAnswer = true }
    guard let request = Self.request(head) else { return refuse(Self.notHTTP, context) }
    if let error = Self.formError(of: request, head.version) { return refuse(error, context) }
    let overLimit = overLimitRefusal(head)
    if overLimit != nil { closesAfterAnswer = true }
    let failure = failure ?? overLimit
    let hasBody = head.method != .HEAD
    let version = head.version
    let content = Bytes(buffer: body)
    body.clear()
    let channel = context.channel
    let connection = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let closesAfterAnswer = closesAfterAnswer
    let address = slot.address
    answer = Task.immediate(executorPreference: executor) { [requests, failure] in
      var response = await requests.respond(
        to: request, body: content, failure: failure, from: address)
      // Guessing on must at least cost a new connection.
      let isLast = closesAfterAnswer || response.status == .tooManyRequests
      if isLast { connection.value.0.closesAfterAnswer = true }
      let compression = hasBody ? Compression(&response, to: request, version) : nil
      let writer = AnswerWriter(
        connection: connection, channel: channel, compression: compression,
        framing: AnswerFraming(
          response, version, hasBody: hasBody, isStream: compression != nil,
          isLast: isLast))
      do {
        try await response.body.write(writer)
      } catch {
        // What was begun cannot be taken back; the client must see that it is not whole.
        channel.close(promise: nil)
      }
    }
  }

  // MARK: Answers

  fileprivate func finishAnswer(_ end: ByteBuffer, _ context: ChannelHandlerContext) {
    isAnswering = false
    hasAnswered = true
    answer = nil
    lastActive = .now()
    guard closesAfterAnswer else {
      context.writeAndFlush(wrapOutboundOut(end), promise: nil)
      return receivePipelined(context)
    }
    let channel = context.channel
    let written = context.writeAndFlush(wrapOutboundOut(end))
    if isDiscarding {
      context.eventLoop.scheduleTask(in: Self.lingerTime) { channel.close(promise: nil) }
    } else {
      written.whenComplete { _ in channel.close(promise: nil) }
    }
  }

  /// How long a client may go on with a request that was refused.
  private static let lingerTime = TimeAmount.seconds(2)

  /// What cannot be understood is answered at once.
  private func refuse(_ error: PDBError, _ context: ChannelHandlerContext) {
    closesAfterAnswer = true
    var framing = AnswerFraming(requests.refusal(error), .http1_1, hasBody: true, isLast: true)
    framing.add(ByteBuffer(bytes: error.json.serialized() + [UInt8(ascii: "\n")]))
    finishAnswer(framing.take(), context)
  }

  private static let notHTTP = PDBError(.badRequest, "this is not an HTTP request")

  /// What bytes that are no request are answered with.
  static func refusal(of error: HTTPParserError) -> PDBError {
    if error == .headerOverflow {
      return PDBError(
        .badRequest, "the request line and headers are larger than \(Limits.headBytes) bytes")
    }
    return PDBError(.badRequest, "this is not an HTTP request: \(error)")
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError, !isAnswering, !isDiscarding else {
      return context.close(promise: nil)
    }
    refuse(Self.refusal(of: error), context)
  }

  private func receivePipelined(_ context: ChannelHandlerContext) {
    guard !pipelined.isEmpty, context.channel.isActive else { return }
    let parts = pipelined
    pipelined = []
    if parts.count >= Self.maxPipelinedParts { setReading(true, context.channel) }
    for part in parts { receive(part, context) }
  }

  /// Returns when the client has taken enough of what was written.
  fileprivate func waitUntilWritable(_ channel: any Channel) async throws {
    guard !channel.isWritable else { return }
    guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
    try await withCheckedThrowingContinuation { writableWaiter = $0 }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      writableWaiter?.resume()
      writableWaiter = nil
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: The end

  func handlerAdded(context: ChannelHandlerContext) { scheduleIdleCheck(context) }

  /// A client that says nothing for long is let go.
  private func scheduleIdleCheck(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let deadline = lastActive + .seconds(Int64(Limits.idleSeconds))
    idleCheck = context.eventLoop.scheduleTask(deadline: deadline) {
      let (connection, context) = bound.value
      if connection.isAnswering { connection.lastActive = .now() }
      if NIODeadline.now() - connection.lastActive >= .seconds(Int64(Limits.idleSeconds)) {
        context.close(promise: nil)
      } else {
        connection.scheduleIdleCheck(context)
      }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    head = nil
    idleCheck?.cancel()
    bodyCheck?.cancel()
    bodyDeadline?.cancel()
    answer?.cancel()
    writableWaiter?.resume(throwing: ChannelError.ioOnClosedChannel)
    writableWaiter = nil
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed || event is ChannelShouldQuiesceEvent {
      // No more is asked or taken, but an answer may be on its way.
      closesAfterAnswer = true
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
  let compression: Compression?
  var framing: AnswerFraming

  mutating func write(_ buffer: ByteBuffer) async throws {
    guard let compression else { return try await send(buffer) }
    var rest = buffer
    while let piece = rest.readSlice(length: min(rest.readableBytes, Compression.pieceBytes)),
      piece.readableBytes > 0
    {
      try await send(try compression.compress(piece))
      await Task.yield()
    }
  }

  private mutating func send(_ buffer: ByteBuffer) async throws {
    framing.add(buffer)
    guard framing.isStream else { return }
    guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
    channel.writeAndFlush(framing.take(), promise: nil)
    try await connection.value.0.waitUntilWritable(channel)
  }

  consuming func finish(_ trailers: HTTPFields?) async throws {
    if let compression { framing.add(try compression.end()) }
    framing.end()
    connection.value.0.finishAnswer(framing.take(), connection.value.1)
  }
}

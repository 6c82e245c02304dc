// One client's connection: requests come in, one after the other, and answers go out.
//
// Everything here happens on the channel's event loop: a request whose answer needs no waiting is
// answered without ever leaving it.
//
// No request is taken while its client has not taken the answers before it; what it sends meanwhile
// is read up to a bound.

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
  private let room: AnswerRoom
  /// What its answers take of the room.
  private let holding: AnswerRoom.Holding
  private var context: ChannelHandlerContext?
  /// The request that is coming in.
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var bodyCheck: Scheduled<Void>?
  private var bodyDeadline: Scheduled<Void>?
  /// The answer under way; it ends with the connection.
  private var answer: Task<Void, Never>?
  private var isAnswering = false
  /// How long the body of the request is that is being answered.
  private var answeredBytes = 0
  /// Whether the client must take what was answered before another request is.
  private var isPaused = false
  /// What came meanwhile (RFC 9112, section 9.3.2).
  private var pipelined: CircularBuffer<HTTPServerRequestPart> = []
  private var pipelinedBytes = 0
  private var isReceivingPipelined = false
  private var isReading = true
  /// Whether nothing comes after what is pipelined.
  private var isInputClosed = false
  private(set) var lastActive: NIODeadline
  /// Whether a request was answered here before.
  private(set) var hasAnswered = false
  private var idleCheck: Scheduled<Void>?
  private var closesAfterAnswer = false
  /// Whether the rest of a request that is answered already comes in.
  private var isDiscarding = false
  private var writableWaiter: CheckedContinuation<Void, any Error>?

  init(
    _ requests: RequestGuard, executor: LoopExecutor, connections: OpenConnections,
    slot: OpenConnections.Slot, room: AnswerRoom, on channel: any Channel
  ) {
    self.requests = requests
    self.executor = executor
    self.connections = connections
    self.slot = slot
    self.room = room
    holding = room.holding(for: channel)
    lastActive = channel.eventLoop.now
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    receive(unwrapInboundIn(data), context)
  }

  private func receive(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
    // What the decoder still had when the connection ended comes behind its end: nobody can be answered,
    // and nobody would let go of it.
    guard context.channel.isActive else { return }
    if isAnswering || isPaused, !isDiscarding {
      keep(part, context)
    } else {
      take(part, context)
    }
  }

  private func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
    if isDiscarding {
      discard(part, context)
    } else if !closesAfterAnswer {
      // What comes behind the last request is not looked at (RFC 9112, section 9.6).
      assemble(part, context)
    }
  }

  // MARK: What comes too early

  private func keep(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
    guard !closesAfterAnswer else { return }
    var part = part
    if case .body(let bytes) = part { part = .body(bytes.copied) }
    pipelined.append(part)
    pipelinedBytes += part.byteCount
    // It is read on when this is answered.
    if isReading,
      pipelined.count >= Self.maxPipelinedParts || pipelinedBytes >= Self.maxPipelinedBytes
    {
      setReading(false, context.channel)
    }
  }

  private static let maxPipelinedParts = 256
  private static let maxPipelinedBytes = 64 << 10

  private func setReading(_ isReading: Bool, _ channel: any Channel) {
    self.isReading = isReading
    channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
  }

  private func receivePipelined(_ context: ChannelHandlerContext) {
    // A request that is answered at once comes back here: the first call takes the next.
    guard !isReceivingPipelined, !pipelined.isEmpty else { return }
    isReceivingPipelined = true
    while !isAnswering, !isPaused, context.channel.isActive, let part = pipelined.popFirst() {
      pipelinedBytes -= part.byteCount
      take(part, context)
    }
    isReceivingPipelined = false
    if pipelined.isEmpty, !isReading { setReading(true, context.channel) }
    if slot.requestBytes > 0 { noteRequestBytes() }
    if isInputClosed, pipelined.isEmpty, !isAnswering { closeWhenWritten(context) }
  }

  // MARK: A request

  private func assemble(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
    switch part {
    case .head(let head):
      self.head = head
      lastActive = context.eventLoop.now
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
    if head != nil {
      if bodyDeadline == nil { scheduleBodyDeadline(context) }
      // What was read with it, and has been used, must not stay as long as the rest does not come.
      if body.storageCapacity > 2 * max(body.readableBytes, Self.smallBytes) { body = body.copied }
    }
    if head != nil || !pipelined.isEmpty, !noteRequestBytes() { refuseUnfinished() }
    context.fireChannelReadComplete()
  }

  private static let smallBytes = 1 << 10

  /// - Returns: whether there is room for what has come.
  @discardableResult private func noteRequestBytes() -> Bool {
    let unfinished = (head?.byteCount ?? 0) + body.readableBytes
    return connections.hold(unfinished + pipelinedBytes + answeredBytes, slot)
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

  /// A connection that came when there was no room is there for probes and administrators.
  private func overLimitRefusal(_ head: HTTPRequestHead) -> PDBError? {
    connections.isWithinLimit(slot) || RequestGuard.isUrgent(head.uri) ? nil : RequestGuard.noRoom
  }

  private func startAnswer(
    _ head: HTTPRequestHead, _ failure: PDBError?, _ context: ChannelHandlerContext
  ) {
    self.head = nil
    let received = body
    body = ByteBuffer()
    if let bodyDeadline {
      bodyCheck?.cancel()
      bodyDeadline.cancel()
      self.bodyDeadline = nil
    }
    isAnswering = true
    // SwiftNIO's decoder reads nothing more behind an offer to upgrade.
    let offersUpgrade = head.headers.contains(name: "Upgrade")
    if !head.isKeepAlive || head.version != .http1_1 || offersUpgrade { closesAfterAnswer = true }
    guard let request = Self.request(head) else { return refuse(Self.notHTTP, head, context) }
    if let error = Self.formError(of: request, head.version) {
      return refuse(error, head, context)
    }
    let overLimit = overLimitRefusal(head)
    if overLimit != nil { closesAfterAnswer = true }
    let failure = failure ?? overLimit ?? memoryRefusal(received)
    if failure != nil, slot.requestBytes > 0 { noteRequestBytes() }
    let hasBody = head.method != .HEAD
    let version = head.version
    let content = failure == nil ? Bytes(buffer: received) : []
    let share = room.share(of: holding)
    let channel = context.channel
    let connection = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let closesAfterAnswer = closesAfterAnswer
    let (address, ownAddress) = (slot.address, slot.ownAddress)
    answer = Task.immediate(executorPreference: executor) { [requests, failure] in
      var response = await requests.respond(
        to: request, body: content, failure: failure, from: address, to: ownAddress,
        share: share)
      if !content.isEmpty { connection.value.0.releaseBody() }
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

  /// What is wrong with a request whose body is there, if there is no room for it.
  private func memoryRefusal(_ body: ByteBuffer) -> PDBError? {
    answeredBytes = body.readableBytes
    guard answeredBytes + slot.requestBytes > 0, !noteRequestBytes() else { return nil }
    releaseBody()
    return RequestGuard.noMemory
  }

  fileprivate func releaseBody() {
    answeredBytes = 0
    noteRequestBytes()
  }

  // MARK: Answers

  fileprivate func finishAnswer(_ end: ByteBuffer, _ context: ChannelHandlerContext) {
    isAnswering = false
    hasAnswered = true
    answer = nil
    lastActive = context.eventLoop.now
    guard closesAfterAnswer else {
      context.writeAndFlush(wrapOutboundOut(end), promise: nil)
      pauseUnlessTaken(end.readableBytes, context.channel)
      return receivePipelined(context)
    }
    let channel = context.channel
    let written = context.writeAndFlush(wrapOutboundOut(end))
    if isDiscarding {
      context.eventLoop.scheduleTask(in: Self.lingerTime) { channel.close(promise: nil) }
    } else {
      written.whenComplete { _ in channel.close(promise: nil) }
    }
    pauseUnlessTaken(end.readableBytes, channel)
  }

  /// What the client has not taken yet counts.
  private func pauseUnlessTaken(_ written: Int, _ channel: any Channel) {
    isPaused = !channel.isWritable
    if isPaused {
      room.set(holding.waitingBytes(last: written, beside: 0), holding)
    } else if holding.bytes > 0 {
      room.set(0, holding)
    }
  }

  /// How long a client may go on with a request that was refused.
  private static let lingerTime = TimeAmount.seconds(2)

  /// What cannot be understood is answered at once.
  private func refuse(
    _ error: PDBError, _ head: HTTPRequestHead?, _ context: ChannelHandlerContext
  ) {
    closesAfterAnswer = true
    let hasBody = head?.method != .HEAD
    var framing = AnswerFraming(
      requests.refusal(error), .http1_1, hasBody: hasBody, isLast: true)
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
    if error is HTTPParserError, closesAfterAnswer, !isDiscarding { return }
    guard let error = error as? HTTPParserError, !isAnswering, !isDiscarding else {
      return context.close(promise: nil)
    }
    refuse(Self.refusal(of: error), head, context)
  }

  /// Returns when the client has taken enough of what was written.
  ///
  /// - Parameters:
  ///   - written: how much was written last.
  ///   - retained: how much is kept beside it meanwhile.
  fileprivate func waitUntilTaken(
    _ written: Int, beside retained: Int, _ channel: any Channel
  ) async throws {
    guard !channel.isWritable else { return }
    guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
    room.set(holding.waitingBytes(last: written, beside: retained), holding)
    try await withCheckedThrowingContinuation { writableWaiter = $0 }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      if isPaused || writableWaiter != nil { room.set(0, holding) }
      writableWaiter?.resume()
      writableWaiter = nil
      if isPaused {
        isPaused = false
        lastActive = context.eventLoop.now
        receivePipelined(context)
      }
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: The end

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    scheduleIdleCheck(context, at: lastActive + Self.idleTime)
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  private static let idleTime = TimeAmount.seconds(Int64(Limits.idleSeconds))
  private static let deafTime = TimeAmount.seconds(Int64(Limits.deafSeconds))

  /// A client that says nothing for long, or takes nothing of its answer, is let go.
  private func scheduleIdleCheck(_ context: ChannelHandlerContext, at deadline: NIODeadline) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    idleCheck = context.eventLoop.scheduleTask(deadline: deadline) {
      let (connection, context) = bound.value
      let now = context.eventLoop.now
      let isOver: Bool
      switch connection.use {
      case .busy: isOver = false
      case .deaf: isOver = connection.holding.silence() >= Self.deafTime
      case .none, .idle, .asking: isOver = now - connection.lastActive >= Self.idleTime
      }
      if isOver { return context.close(promise: nil) }
      if connection.use == .busy { connection.lastActive = now }
      // A deaf one keeps the time at which it did something, and is looked at again all the same.
      let last = connection.use == .deaf ? now : connection.lastActive
      connection.scheduleIdleCheck(context, at: last + Self.idleTime)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    head = nil
    body = ByteBuffer()
    pipelined = []
    pipelinedBytes = 0
    noteRequestBytes()
    idleCheck?.cancel()
    bodyCheck?.cancel()
    bodyDeadline?.cancel()
    answer?.cancel()
    writableWaiter?.resume(throwing: ChannelError.ioOnClosedChannel)
    writableWaiter = nil
    room.leave(holding)
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed, !pipelined.isEmpty {
      isInputClosed = true
    } else if event as? ChannelEvent == .inputClosed || event is ChannelShouldQuiesceEvent {
      // No more is asked or taken, but an answer may be on its way.
      closesAfterAnswer = true
      if !isAnswering { closeWhenWritten(context) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  private func closeWhenWritten(_ context: ChannelHandlerContext) {
    let channel = context.channel
    guard isPaused else { return channel.close(promise: nil) }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
      channel.close(promise: nil)
    }
  }
}

extension HTTPConnection: ClientConnection {
  var use: OpenConnections.Use {
    if isPaused || writableWaiter != nil { return .deaf }
    if isAnswering { return .busy }
    if head != nil { return .asking }
    return hasAnswered ? .idle : .none
  }

  var holdsUnfinished: Bool { head != nil || pipelinedBytes > 0 }

  func refuseUnfinished() {
    guard let context else { return }
    if let head {
      answerEarly(head, RequestGuard.noMemory, context)
    } else {
      pipelined = []
      pipelinedBytes = 0
      context.close(promise: nil)
    }
    noteRequestBytes()
  }
}

extension HTTPServerRequestPart {
  /// About what it takes in memory.
  fileprivate var byteCount: Int {
    switch self {
    case .head(let head): head.byteCount
    case .body(let bytes): bytes.readableBytes + 64
    case .end: 64
    }
  }
}

extension HTTPRequestHead {
  /// About what it takes in memory.
  fileprivate var byteCount: Int {
    headers.reduce(512 + uri.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count + 64 }
  }
}

extension ByteBuffer {
  /// The same bytes alone: a part of what was read keeps all of it.
  fileprivate var copied: ByteBuffer { ByteBuffer(bytes: readableBytesView) }
}

/// Writes one answer: all at once if its length is known, else piece by piece, as fast as the
/// client takes it.
private struct AnswerWriter: ResponseBodyWriter {
  let connection: NIOLoopBound<(HTTPConnection, ChannelHandlerContext)>
  let channel: any Channel
  let compression: Compression?
  var framing: AnswerFraming

  mutating func write(_ buffer: ByteBuffer) async throws {
    guard let compression else { return try await send(buffer, beside: 0) }
    var rest = buffer
    while let piece = rest.readSlice(length: min(rest.readableBytes, Compression.pieceBytes)),
      piece.readableBytes > 0
    {
      try await send(
        try compression.compress(piece), beside: rest.readableBytes + Compression.stateBytes)
      await Task.yield()
    }
  }

  private mutating func send(_ buffer: ByteBuffer, beside retained: Int) async throws {
    framing.add(buffer)
    guard framing.isStream else { return }
    guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
    let framed = framing.take()
    let written = framed.readableBytes
    channel.writeAndFlush(framed, promise: nil)
    try await connection.value.0.waitUntilTaken(
      written, beside: buffer.readableBytes + retained, channel)
  }

  consuming func finish(_ trailers: HTTPFields?) async throws {
    if let compression { framing.add(try compression.end()) }
    framing.end()
    connection.value.0.finishAnswer(framing.take(), connection.value.1)
  }
}

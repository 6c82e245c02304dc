// One connection of a client to the node under test.

import NIOCore
import NIOEmbedded
import PDBModel
import PDBServer

/// The client's end of it; the node's end is the real one, on a channel in memory.
final class ClientConnection {
  private let channel: NIOAsyncTestingChannel
  /// What the client has still to send.
  private var unsent: Bytes = []
  /// The requests that were written, sent or not, and not answered.
  private var unanswered: [RequestDraft] = []
  /// Whether all of them can be understood in one way only.
  private var isWellFormed = true
  private var isEnding = false
  private var answers = AnswerReader()

  init(to server: ChannelServer, on loop: NIOAsyncTestingEventLoop) async throws {
    channel = NIOAsyncTestingChannel(loop: loop)
    channel.allowRemoteHalfClosure = true
    try await loop.flatSubmit { [channel] in server.serve(channel) }.get()
    try await channel.register().get()
    try await channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
  }

  // MARK: Sending

  func write(_ request: RequestDraft) {
    unanswered.append(request)
    isWellFormed = isWellFormed && request.isWellFormed
    unsent += request.bytes
  }

  func write(_ bytes: Bytes) {
    isWellFormed = isWellFormed && bytes.isEmpty
    unsent += bytes
  }

  /// Sends as much, if the node reads.
  func send(_ count: Int) async throws {
    let segment = Bytes(unsent.prefix(count))
    guard channel.isActive, !segment.isEmpty, try await channel.getOption(.autoRead).get() else {
      return
    }
    unsent.removeFirst(segment.count)
    // The channel tells errors here that the handlers have dealt with.
    _ = try? await channel.writeInbound(ByteBuffer(bytes: segment))
  }

  /// No more will come.
  func endSending() async throws {
    (isWellFormed, isEnding) = (isWellFormed && unsent.isEmpty, true)
    unsent = []
    try await channel.testingEventLoop.executeInContext { [channel] in
      channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
  }

  /// Whether the client takes what comes.
  func take(_ isTaking: Bool) async throws {
    guard channel.isActive, channel.isWritable != isTaking else { return }
    try await channel.testingEventLoop.executeInContext { [channel] in
      channel.isWritable = isTaking
      channel.pipeline.fireChannelWritabilityChanged()
    }
  }

  /// What has come since the last call.
  func received() async throws -> Bytes {
    var bytes: Bytes = []
    while let buffer = try await channel.readOutbound(as: ByteBuffer.self) {
      bytes += buffer.readableBytesView
    }
    return bytes
  }

  func close() async { try? await channel.close().get() }

  // MARK: Judging

  /// Whether something is still to be sent, and can be.
  var isUnfinished: Bool { channel.isActive && !unsent.isEmpty }

  /// What is still to come: an answer to every request, or the end of the connection.
  ///
  /// - Throws: ``Violation`` if what has come is no answer.
  func missing() async throws -> String? {
    answers.add(try await received())
    answers.isAtEnd = !channel.isActive
    guard isWellFormed else { return nil }
    while let request = unanswered.first, try answers.next(to: request.method) != nil {
      unanswered.removeFirst()
    }
    guard channel.isActive else { return nil }
    if isEnding { return "the connection's end" }
    guard let request = unanswered.first, !request.isStream else { return nil }
    return "the answer to '\(request.method) \(request.target)'"
  }
}

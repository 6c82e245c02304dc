// A network between pdb and an etcd that is worse than most.

import Foundation
import NIOCore
import NIOPosix
import PDBKit
import PDBModel
import Synchronization

/// Stands before a server, and does to questions and answers what a test wishes.
final class LossyProxy: Sendable {
  /// What becomes of the answers to a watch.
  enum WatchFault: CaseIterable {
    /// Each comes twice.
    case doubled
    /// Every second one does not come.
    case missing
    /// The one before comes again after each.
    case old
    /// They come byte by byte.
    case split
    /// They stop coming, and nobody says so.
    case deaf
  }

  fileprivate struct Wish {
    var isLosing = false
    var lost = 0
    /// Whose answer is to be kept, and whether one is.
    var heldText: String?
    var isHolding = false
    /// How many changes are handed on before nothing is any more.
    var left: Int?
    /// Whether the next change is to be kept from the server, or all from it on.
    var isKeeping = false
    var isKeepingAll = false
    var kept: JSON?
    var watchFault: WatchFault?
  }

  fileprivate final class Wishes: Sendable {
    let state = Mutex(Wish())
    let clients = Mutex<[any Channel]>([])
  }

  let address: NodeAddress
  private let server: any Channel
  private let wishes = Wishes()

  init(to node: NodeAddress, port: Int = 0) async throws {
    let wishes = wishes
    server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { client in
        wishes.clients.withLock { $0.append(client) }
        return ClientBootstrap(group: client.eventLoop).connect(host: node.host, port: node.port)
          .flatMap { node in
            client.eventLoop.makeCompletedFuture {
              let handler = Answers(to: client, wishes)
              try node.pipeline.syncOperations.addHandler(handler)
              try client.pipeline.syncOperations.addHandler(Questions(to: node, wishes, handler))
            }
          }
      }
      .bind(host: "127.0.0.1", port: port).get()
    address = NodeAddress(host: "127.0.0.1", port: server.localAddress!.port!)
  }

  func close() async throws {
    try await server.close()
    for client in wishes.clients.withLock({ $0 }) { try? await client.close() }
  }

  // MARK: Wishes

  /// Keeps the answer to the next question with this text until ``release()``.
  func holdNextAnswer(about text: String) { wishes.state.withLock { $0.heldText = text } }
  var isHolding: Bool { wishes.state.withLock { $0.isHolding } }
  func release() { wishes.state.withLock { $0.isHolding = false } }

  func loseNextAnswer() { wishes.state.withLock { $0.isLosing = true } }
  var lost: Int { wishes.state.withLock { $0.lost } }

  /// Hands so many transactions that compare on, and then nothing any more.
  func dieAfter(changes: Int) { wishes.state.withLock { $0.left = changes } }

  /// Keeps the next transaction that compares from the server; whoever sent it loses the connection.
  func holdNextChange(andAllAfter isAll: Bool = false) {
    wishes.state.withLock { ($0.isKeeping, $0.isKeepingAll, $0.kept) = (true, isAll, nil) }
  }

  /// The transaction that was kept, once it is.
  func held() async throws -> JSON {
    try await waitFor { wishes.state.withLock { $0.kept } }
  }

  func spoilWatches(_ fault: WatchFault) { wishes.state.withLock { $0.watchFault = fault } }

  private final class Questions: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: any Channel
    private let wishes: Wishes
    private let answers: Answers
    /// What has come of a change that is kept.
    private var partial: String?

    init(to server: any Channel, _ wishes: Wishes, _ answers: Answers) {
      (self.server, self.wishes, self.answers) = (server, wishes, answers)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      let text = String(buffer: bytes)
      if text.contains("/v3/watch") {
        answers.watchFault = wishes.state.withLock { $0.watchFault }
      }
      answers.mustBeHeld = wishes.state.withLock { wish in
        guard let held = wish.heldText, text.contains(held) else { return false }
        (wish.heldText, wish.isHolding) = (nil, true)
        return true
      }
      let change = text.range(of: #"{"compare""#).map { String(text[$0.lowerBound...]) }
      let isOver = wishes.state.withLock { wish in
        guard let change else { return wish.left.map { $0 < 0 } ?? false }
        if wish.isKeeping || wish.isKeepingAll {
          if wish.isKeeping { partial = "" }
          wish.isKeeping = false
          return partial == nil
        }
        if let left = wish.left { wish.left = left - 1 }
        answers.mustBeLost = wish.isLosing
        wish.isLosing = false
        return wish.left.map { $0 < 0 } ?? false
      }
      if let part = partial {
        let whole = part + (change ?? text)
        partial = whole
        // It may come in pieces.
        guard let kept = try? JSON(parsing: Bytes(utf8: whole)) else { return }
        wishes.state.withLock { $0.kept = kept }
        return context.close(promise: nil)
      }
      guard !isOver else { return context.close(promise: nil) }
      server.writeAndFlush(bytes, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { server.close(promise: nil) }
  }

  private final class Answers: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: any Channel
    private let wishes: Wishes
    var mustBeLost = false
    var mustBeHeld = false
    var watchFault: WatchFault?
    private var count = 0
    private var last: ByteBuffer?

    init(to client: any Channel, _ wishes: Wishes) { (self.client, self.wishes) = (client, wishes) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard !mustBeLost else {
        wishes.state.withLock { $0.lost += 1 }
        client.close(promise: nil)
        return context.close(promise: nil)
      }
      let bytes = unwrapInboundIn(data)
      if let watchFault { return spoil(bytes, watchFault) }
      hand(on: bytes, context.eventLoop)
    }

    /// A part of an answer is a chunk of it, but for the first, which is its head.
    private func spoil(_ bytes: ByteBuffer, _ fault: WatchFault) {
      func hand(_ bytes: ByteBuffer) { client.writeAndFlush(bytes, promise: nil) }
      count += 1
      guard count > 2 else { return hand(bytes) }
      switch fault {
      case .doubled: for _ in 0..<2 { hand(bytes) }
      case .missing: if count.isMultiple(of: 2) { hand(bytes) }
      case .old: for part in [bytes, last ?? bytes] { hand(part) }
      case .split: for byte in bytes.readableBytesView { hand(ByteBuffer(bytes: [byte])) }
      case .deaf: break
      }
      last = bytes
    }

    private func hand(on bytes: ByteBuffer, _ loop: any EventLoop) {
      guard mustBeHeld, wishes.state.withLock({ $0.isHolding }) else {
        return client.writeAndFlush(bytes, promise: nil)
      }
      loop.assumeIsolated().scheduleTask(in: .milliseconds(5)) { self.hand(on: bytes, loop) }
    }

    func channelInactive(context: ChannelHandlerContext) { client.close(promise: nil) }
  }
}

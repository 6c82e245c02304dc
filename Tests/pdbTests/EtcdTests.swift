// A database in a real etcd: what only this kind of store can do wrong.

import Foundation
import NIOCore
import NIOPosix
import PDBKit
import PDBLocal
import Synchronization
import Testing

@testable import PDBEtcd

extension ProcessTests {
  @Suite(.enabled(if: EtcdServer.program != nil, "there is no etcd")) struct EtcdTests {
    private static let key = Bytes(utf8: "n")

    private static func failure(_ body: () async throws -> Void) async -> PDBError? {
      do {
        try await body()
        return nil
      } catch { return error as? PDBError }
    }

    @Test func `what is read beside changes is of one revision`() async throws {
      let store = try await EtcdServer.shared.value.database()
      // What another program changes must be fetched again, and this one changes it meanwhile.
      let other = try EtcdStore(store.address, timeout: .seconds(20))
      let keys = (0..<8).map { Bytes(utf8: "k\($0)") }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in [store, store, store, other] {
          group.addTask {
            for _ in 0..<60 {
              try await writer.apply(.increment(keys.randomElement()!, by: 1))
            }
          }
        }
        for _ in 0..<8 {
          group.addTask {
            for _ in 0..<60 {
              let read = try await store.get(keys.randomElement()!, at: .now)
              #expect(read.value?.revision ?? 0 <= read.revision)
            }
          }
        }
        try await group.waitForAll()
      }
      let numbers = try await store.pairs(PairQuery(), at: .now).all().map(\.jsonValue.int64)
      #expect(numbers.reduce(0) { $0 + ($1 ?? 0) } == 240)
      await store.shutdown()
      await other.shutdown()
    }

    @Test func `an answer that comes late does not replace what is known since`() async throws {
      let server = try await EtcdServer.shared.value
      let database = try await server.database()
      let proxy = try await LossyProxy(to: server.address)
      let store = try EtcdStore(
        try EtcdAddress(parsing: "etcd://\(proxy.address)/\(database.address.prefix)"),
        timeout: .seconds(20))
      try await store.apply(.increment(Bytes(utf8: "other"), by: 1))
      // A question is on its way when the key that it is about changes.
      let place = await store.engine.layout.present(Self.key)
      proxy.holdNextAnswer(about: place.base64)
      async let read = store.get(Self.key, at: .now)
      _ = try await waitFor { proxy.isHolding ? true : nil }
      try await store.apply(.increment(Self.key, by: 1))
      proxy.release()
      let early = try await read
      #expect(early.revision == 1 && early.value == nil)
      let second = try await store.apply(.increment(Self.key, by: 1))
      #expect(second.answer.pair?.jsonValue.int64 == 2)
      #expect(try await database.get(Self.key, at: .now).value?.jsonValue.int64 == 2)
      await store.shutdown()
      await database.shutdown()
      try await proxy.close()
    }

    @Test func `programs that change the same key at once lose nothing`() async throws {
      let first = try await EtcdServer.shared.value.database()
      let stores =
        try [first] + (0..<2).map { _ in try EtcdStore(first.address, timeout: .seconds(20)) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for store in stores {
          group.addTask {
            for _ in 0..<30 { try await store.apply(.increment(Self.key, by: 1)) }
          }
        }
        try await group.waitForAll()
      }
      for store in stores {
        #expect(try await store.get(Self.key, at: .now).value?.jsonValue.int64 == 90)
        await store.shutdown()
      }
    }

    @Test func `two requests with one id are one, whichever program sends them`() async throws {
      let first = try await EtcdServer.shared.value.database()
      let second = try EtcdStore(first.address, timeout: .seconds(20))
      let origin = Origin(request: .init("once"))
      let answers = try await withThrowingTaskGroup(of: Receipt.self) { group in
        for store in [first, second] {
          group.addTask { try await store.apply(.increment(Self.key, by: 1), from: origin) }
        }
        var answers: [Receipt] = []
        for try await answer in group { answers.append(answer) }
        return answers
      }
      #expect(answers[0] == answers[1])
      let refused = await Self.failure {
        try await second.apply(.increment(Self.key, by: 2), from: origin)
      }
      #expect(refused?.code == .requestMismatch)
      #expect(try await first.get(Self.key, at: .now).value?.jsonValue.int64 == 1)
      await first.shutdown()
      await second.shutdown()
    }

    @Test func `an answer that is lost is found, and the change is made once`() async throws {
      let server = try await EtcdServer.shared.value
      let database = try await server.database()
      let proxy = try await LossyProxy(to: server.address)
      let prefix = database.address.prefix
      let store = try EtcdStore(
        try EtcdAddress(parsing: "etcd://\(proxy.address)/\(prefix)"), timeout: .seconds(20))
      for number in 1...20 {
        proxy.loseNextAnswer()
        let receipt = try await store.apply(.increment(Self.key, by: 1))
        #expect(receipt.answer.pair?.jsonValue.int64 == Int64(number))
      }
      #expect(proxy.lost > 10)
      #expect(try await database.get(Self.key, at: .now).value?.jsonValue.int64 == 20)
      await store.shutdown()
      await database.shutdown()
      try await proxy.close()
    }

    @Test func `without etcd nothing is made, and the error says so`() async throws {
      let store = try EtcdStore(
        try EtcdAddress(parsing: "etcd://127.0.0.1:1/x"), timeout: .milliseconds(300))
      do {
        try await store.apply(.increment(Self.key, by: 1))
        Issue.record("a change was made")
      } catch let error as PDBError {
        #expect(error.code == .unreachable && error.outcome == .notApplied, "\(error)")
      }
      await store.shutdown()
    }

    @Test func `what others write below the prefix is told`() async throws {
      let server = try await EtcdServer.shared.value
      let store = try await server.database()
      try await store.apply(.increment(Self.key, by: 1))
      let place = await store.engine.layout.present(Self.key)
      _ = try await store.engine.gateway.ask(
        "/v3/kv/put", ["key": .string(place.base64), "value": .string(Bytes(utf8: "7").base64)],
        until: .now + .seconds(5))
      let other = try EtcdStore(store.address, timeout: .seconds(20))
      let failure = await Self.failure { _ = try await other.get(Self.key, at: .now) }
      #expect(failure?.code == .corrupt)
      #expect(failure?.message.contains("was not written by pdb") == true)
      await store.shutdown()
      await other.shutdown()
    }

    @Test func `what etcd compacts is read anew, and a change is made all the same`() async throws {
      let store = try await EtcdServer.shared.value.database()
      try await store.apply(.increment(Self.key, by: 1))
      let revision = try await store.engine.gateway.ask(
        "/v3/kv/range", ["key": .string(Bytes(utf8: "x").base64)], until: .now + .seconds(5)
      ).etcdRevision
      _ = try await store.engine.gateway.ask(
        "/v3/kv/put", ["key": .string(Bytes(utf8: "x").base64), "value": ""],
        until: .now + .seconds(5))
      _ = try await store.engine.gateway.ask(
        "/v3/kv/compaction", ["revision": .string(String(revision + 1)), "physical": true],
        until: .now + .seconds(5))
      // The other key is not known yet, and the revision at which it would be read is gone.
      try await store.apply(.increment(Bytes(utf8: "m"), by: 1))
      #expect(try await store.get(Self.key, at: .now).value?.jsonValue.int64 == 1)
      await store.shutdown()
    }

    @Test func `a change that is too large is refused, and others beside it are made`() async throws
    {
      let store = try await EtcdServer.shared.value.database()
      let large = JSON.string(String(repeating: "v", count: 500_000)).serialized()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          let pairs = (0..<4).map { NewPair(key: Bytes(utf8: "large\($0)"), value: large) }
          let failure = await Self.failure {
            try await store.apply(.setMany(pairs, .spare))
          }
          #expect(
            failure?.code == .bodyTooLarge && failure?.outcome == .notApplied,
            "\(String(describing: failure))")
        }
        for number in 0..<8 {
          group.addTask {
            try await store.apply(
              .set(NewPair(key: Bytes(utf8: "k\(number)"), value: large), .none, .spare))
          }
        }
        try await group.waitForAll()
      }
      #expect(try await store.pairs(PairQuery(), at: .now).all().count == 8)
      await store.shutdown()
    }

    @Test func `an etcd that was taken back is noticed, and nothing is changed in it`() async throws
    {
      let (first, second) = (try await EtcdServer.shared.value, try await EtcdServer())
      let database = try await first.database("same")
      let other = try await second.database("same")
      let proxy = try await LossyProxy(to: first.address)
      let address = "etcd://\(proxy.address)/\(database.address.prefix)"
      let store = try EtcdStore(EtcdAddress(parsing: address), timeout: .seconds(20))
      try await store.apply(.increment(Self.key, by: 1))
      try await proxy.close()
      let changed = try await LossyProxy(to: second.address, port: proxy.address.port)
      for _ in 0..<2 {
        let read = await Self.failure { _ = try await store.get(Self.key, at: .now) }
        #expect(read?.code == .wrongCluster)
        let change = await Self.failure { try await store.apply(.increment(Self.key, by: 1)) }
        #expect(change?.code == .wrongCluster && change?.outcome == .notApplied)
      }
      #expect(try await other.get(Self.key, at: .now).value == nil)
      for store in [store, database, other] { await store.shutdown() }
      try await changed.close()
      try second.end()
    }

    @Test func `an attempt that is open stays so where another etcd answers then`() async throws {
      let (first, second) = (try await EtcdServer.shared.value, try await EtcdServer())
      let databases = [try await first.database("open"), try await second.database("open")]
      let proxy = try await LossyProxy(to: first.address)
      let address = "etcd://\(proxy.address),\(second.address)/\(databases[0].address.prefix)"
      let store = try EtcdStore(EtcdAddress(parsing: address), timeout: .seconds(20))
      try await store.apply(.increment(Self.key, by: 1))
      proxy.loseNextAnswer()
      let failure = await Self.failure { try await store.apply(.increment(Self.key, by: 1)) }
      #expect(failure?.code == .wrongCluster && failure?.outcome == .unknown)
      #expect(try await databases[0].get(Self.key, at: .now).value?.jsonValue.int64 == 2)
      for store in databases + [store] { await store.shutdown() }
      try await proxy.close()
      try second.end()
    }

    // MARK: As users see it

    @Test func `the demo session works on an etcd, directly and through two nodes`() async throws {
      let server = try await EtcdServer.shared.value
      let database = "etcd://\(server.address)/demo/\(UUID().uuidString)"
      let workspace = try Workspace(nodes: "")
      func pdb(_ words: String...) async throws -> CommandResult {
        try await workspace.run(words, environment: ["PDB_DB": database])
      }
      #expect(try await pdb("task", "ls").status == 66)
      #expect(try await pdb("init", "--db", database).status == 0)
      #expect(try await pdb("init", "--db", database).output.contains("already"))
      #expect(try await pdb("task", "add", "Học Python").column(0) == ["1"])
      #expect(try await pdb("log", "--oneline").status == 0)
      #expect(try await pdb("undo").output == "1\n")
      #expect(try await pdb("task", "add", "Làm đồ án").column(0) == ["2"])
      #expect(try await pdb("cluster", "status", "--json").json["health"] == "healthy")
      #expect(try await pdb("cluster", "add", "127.0.0.1:1").status == 64)
      #expect(try await pdb("node", "status").status == 64)
      // A name stands for one database, not for a place.
      #expect(try await workspace.run(["remote", "add", "main", database]).status == 0)
      #expect(try await workspace.run(["remote", "ls"]).rows[0].last == database)
      #expect(try await workspace.run(["--db", "main", "task", "ls"]).column(0) == ["2"])
      #expect(try await pdb("kv", "set", "a", "1", "--ttl", "5s").status == 64)

      let cluster = try await TestCluster(1, spare: 1)
      defer { cluster.killAll() }
      for node in 0..<2 { try cluster.start(node, arguments: ["--db", database]) }
      let list = cluster.addresses.map(\.description).joined(separator: ",")
      func remote(_ words: String...) async throws -> CommandResult {
        try await workspace.run(words, environment: ["PDB_NODES": list])
      }
      _ = try await waitFor {
        try await remote("cluster", "status", "--json").json["members"]?.array?.count == 2
          ? true : nil
      }
      #expect(try await remote("task", "ls").column(0) == ["2"])
      #expect(try await remote("kv", "set", "s", "1", "--ttl", "60s").status == 0)
      // The first one dies; the other one goes on.
      cluster.kill9(0)
      #expect(try await remote("task", "done", "2").status == 0)
      #expect(try await pdb("task", "ls", "--done").column(0) == ["2"])

      // Another database takes its place, and the name does not stand for it.
      cluster.killAll()
      let store = try EtcdStore(EtcdAddress(parsing: database), timeout: .seconds(20))
      let all = await store.engine.layout.all
      _ = try await store.engine.gateway.ask(
        "/v3/kv/deleterange",
        ["key": .string(all.lower.base64), "range_end": .string(all.upper.base64)],
        until: .now + .seconds(5))
      await store.shutdown()
      #expect(try await pdb("init", "--db", database).output.contains("made"))
      #expect(try await workspace.run(["--db", "main", "task", "ls"]).status == 76)
      #expect(try await workspace.run(["remote", "accept", "main", "--yes"]).status == 0)
      #expect(try await workspace.run(["--db", "main", "task", "ls"]).column(0).isEmpty)
    }
  }
}

/// Stands before a server, and may swallow what it answers to a change.
private final class LossyProxy: Sendable {
  /// What is to be lost, and what was.
  fileprivate final class Wish: Sendable {
    let state = Mutex((isLosing: false, lost: 0, heldText: String?.none, isHolding: false))
    let clients = Mutex<[any Channel]>([])
  }

  let address: NodeAddress
  private let server: any Channel
  private let wish = Wish()

  var lost: Int { wish.state.withLock { $0.lost } }

  init(to node: NodeAddress, port: Int = 0) async throws {
    let wish = wish
    server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { client in
        wish.clients.withLock { $0.append(client) }
        return ClientBootstrap(group: client.eventLoop).connect(host: node.host, port: node.port)
          .flatMap {
            node in
            client.eventLoop.makeCompletedFuture {
              let handler = Answers(to: client, wish)
              try node.pipeline.syncOperations.addHandler(handler)
              try client.pipeline.syncOperations.addHandler(Questions(to: node, wish, handler))
            }
          }
      }
      .bind(host: "127.0.0.1", port: port).get()
    address = NodeAddress(host: "127.0.0.1", port: server.localAddress!.port!)
  }

  /// Keeps the answer to the next question with this text until ``release()``.
  func holdNextAnswer(about text: String) { wish.state.withLock { $0.heldText = text } }
  var isHolding: Bool { wish.state.withLock { $0.isHolding } }
  func release() { wish.state.withLock { $0.isHolding = false } }

  func loseNextAnswer() { wish.state.withLock { $0.isLosing = true } }

  func close() async throws {
    try await server.close()
    for client in wish.clients.withLock({ $0 }) { try? await client.close() }
  }

  private final class Questions: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: any Channel
    private let wish: Wish
    private let answers: Answers

    init(to server: any Channel, _ wish: Wish, _ answers: Answers) {
      (self.server, self.wish, self.answers) = (server, wish, answers)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      let text = String(buffer: bytes)
      answers.mustBeHeld = wish.state.withLock { wish in
        guard let held = wish.heldText, text.contains(held) else { return false }
        (wish.heldText, wish.isHolding) = (nil, true)
        return true
      }
      if text.contains("\"compare\"") {
        answers.mustBeLost = wish.state.withLock { wish in
          defer { wish.isLosing = false }
          return wish.isLosing
        }
      }
      server.writeAndFlush(bytes, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { server.close(promise: nil) }
  }

  private final class Answers: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: any Channel
    private let wish: Wish
    var mustBeLost = false
    var mustBeHeld = false

    init(to client: any Channel, _ wish: Wish) { (self.client, self.wish) = (client, wish) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard !mustBeLost else {
        wish.state.withLock { $0.lost += 1 }
        client.close(promise: nil)
        return context.close(promise: nil)
      }
      hand(on: unwrapInboundIn(data), context.eventLoop)
    }

    private func hand(on bytes: ByteBuffer, _ loop: any EventLoop) {
      guard mustBeHeld, wish.state.withLock({ $0.isHolding }) else {
        return client.writeAndFlush(bytes, promise: nil)
      }
      loop.assumeIsolated().scheduleTask(in: .milliseconds(5)) { self.hand(on: bytes, loop) }
    }

    func channelInactive(context: ChannelHandlerContext) { client.close(promise: nil) }
  }
}

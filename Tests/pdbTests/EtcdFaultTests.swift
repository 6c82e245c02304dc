// What lies between pdb and an etcd may lose, hold back, double and cut off what goes through it.

import Foundation
import NIOCore
import PDBKit
import PDBLocal
import PDBStore
import Testing

@testable import PDBEtcd

extension ProcessTests {
  @Suite(.enabled(if: EtcdServer.program != nil, "there is no etcd")) struct EtcdFaultTests {
    private static let key = Bytes(utf8: "n")

    /// A store that reaches the server through a proxy, beside one that reaches it directly.
    private struct Pair {
      let database: EtcdStore
      let proxy: LossyProxy
      let store: EtcdStore

      init(timeout: Duration = .seconds(20)) async throws {
        let server = try await EtcdServer.shared.value
        database = try await server.database()
        proxy = try await LossyProxy(to: server.address)
        store = try EtcdStore(
          EtcdAddress(parsing: "etcd://\(proxy.address)/\(database.address.prefix)"),
          author: "lan", timeout: timeout)
      }

      func number() async throws -> Int64? {
        try await database.get(EtcdFaultTests.key, at: .now).value?.jsonValue.int64
      }

      func end() async throws {
        await store.shutdown()
        await database.shutdown()
        try await proxy.close()
      }
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

    @Test(arguments: [0, 1, 3, 4, 5, 6, 8])
    func `a program that dies while it makes a large change leaves all of it or nothing`(
      steps: Int
    ) async throws {
      let server = try await EtcdServer.shared.value
      let database = try await server.database()
      try await database.apply(.increment(Self.key, by: 1))
      let proxy = try await LossyProxy(to: server.address)
      let dying = try EtcdStore(
        EtcdAddress(parsing: "etcd://\(proxy.address)/\(database.address.prefix)"),
        author: "lan", timeout: .seconds(2))
      let value = JSON.string(String(repeating: "v", count: 500_000)).serialized()
      let pairs = (0..<4).map { NewPair(key: Bytes(utf8: "large\($0)"), value: value) }
      let (change, origin) = (Change.setMany(pairs, .spare), Origin(request: .init("large")))
      proxy.dieAfter(changes: steps)
      let failure = await EtcdStore.failure { try await dying.apply(change, from: origin) }
      await dying.shutdown()
      // With its mark the change is made, whatever becomes of its program.
      let found = try await database.pairs(PairQuery(), at: .now).all()
      let isMade = failure == nil
      #expect(found.count == (isMade ? 5 : 1), "\(String(describing: failure))")
      #expect(found.allSatisfy { $0.key == Self.key || $0.value == value })
      // A few steps put it aside, and a few more put it in its place.
      if steps == 0 { #expect(!isMade) }
      if steps > 4 { #expect(isMade) }
      // A second attempt finds the first one, or makes the change.
      let receipt = try await database.apply(change, from: origin)
      #expect(receipt.revision == 2)
      #expect(try await database.apply(.increment(Self.key, by: 1)).revision == 3)
      #expect(try await database.aside().isEmpty)
      #expect(try await database.verify() == 3)
      await database.shutdown()
      try await proxy.close()
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
        let read = await EtcdStore.failure { _ = try await store.get(Self.key, at: .now) }
        #expect(read?.code == .wrongCluster)
        let change = await EtcdStore.failure { try await store.apply(.increment(Self.key, by: 1)) }
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
      let failure = await EtcdStore.failure { try await store.apply(.increment(Self.key, by: 1)) }
      #expect(failure?.code == .wrongCluster && failure?.outcome == .unknown)
      #expect(try await databases[0].get(Self.key, at: .now).value?.jsonValue.int64 == 2)
      for store in databases + [store] { await store.shutdown() }
      try await proxy.close()
      try second.end()
    }

    @Test func `what can be put aside can be put in its place, however large it is`() async throws {
      let store = try await EtcdServer.shared.value.database()
      let (engine, layout) = (store.engine, await store.engine.layout)
      let end = ContinuousClock.now + .seconds(120)
      let place = layout.present(Bytes(repeating: UInt8(ascii: "k"), count: 1024))
      var outcomes: Set<Bool> = []
      // etcd takes 1.5 MiB at most.
      for size in stride(from: (3 << 19) - 4600, to: (3 << 19) - 1000, by: 150) {
        let found = try await engine.ranges([.init(layout.mark)], at: 0, until: end)
        let pair = try #require(found.found[0].pairs.first)
        var mark = try #require(MarkRecord(pair.value))
        let written: [Bytes: Bytes?] = [place: Bytes(repeating: UInt8(ascii: "1"), count: size)]
        let nonce = UInt64.random(in: 0 ... .max)
        do {
          #expect(
            try await engine.putAside(
              written, nonce, after: mark, modified: pair.modified, until: end))
          outcomes.insert(true)
        } catch EtcdFailure.refused {
          outcomes.insert(false)
          continue
        }
        mark.nonce = nonce
        mark.pending = 1
        _ = try await engine.gateway.ask(
          "/v3/kv/put",
          ["key": .string(layout.mark.base64), "value": .string(mark.encoded.base64)], until: end)
        #expect(try await store.get(Self.key, at: .now).revision == 0, "\(size) bytes")
        #expect(try await store.aside().isEmpty)
      }
      #expect(outcomes == [true, false])
      await store.shutdown()
    }

    @Test func `a large change that loses a race leaves nothing behind`() async throws {
      let pair = try await Pair()
      try await pair.store.apply(.increment(Self.key, by: 1))
      let value = JSON.string(String(repeating: "v", count: 500_000)).serialized()
      let large = (0..<4).map { NewPair(key: Bytes(utf8: "large\($0)"), value: value) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await pair.store.apply(.setMany(large, .spare)) }
        group.addTask {
          for _ in 0..<10 { try await pair.database.apply(.increment(Self.key, by: 1)) }
        }
        try await group.waitForAll()
      }
      #expect(try await pair.number() == 11)
      #expect(try await pair.database.aside().isEmpty)
      #expect(try await pair.database.verify() == 12)
      try await pair.end()
    }

    @Test func `an attempt that comes late does nothing, whatever was made before it`() async throws
    {
      let pair = try await Pair()
      for round in 1...10 {
        pair.proxy.holdNextChange()
        async let receipt = pair.store.apply(.increment(Self.key, by: 1))
        let late = try await pair.proxy.held()
        // A conflict, or none if the second attempt was faster; and a refusal, which moves the mark, too.
        try await pair.database.apply(.increment(Self.key, by: 100))
        _ = try await receipt
        let refused = await EtcdStore.failure {
          try await pair.store.apply(
            .set(NewPair(key: Self.key, value: Bytes(utf8: "0")), .absent, .spare))
        }
        #expect(refused?.outcome == .notApplied)
        let answer = try await pair.database.engine.gateway.ask(
          "/v3/kv/txn", late, until: .now + .seconds(5))
        #expect(answer["succeeded"]?.bool != true)
        #expect(try await pair.number() == Int64(round) * 101)
      }
      try await pair.end()
    }

    @Test func `an attempt that comes after its history was forgotten does nothing`() async throws {
      let pair = try await Pair()
      try await pair.store.apply(.setSetting(.historyRevisions, value: "1"))
      pair.proxy.holdNextChange()
      async let receipt = pair.store.apply(
        .increment(Self.key, by: 1), from: Origin(request: .init("held")))
      let late = try await pair.proxy.held()
      let first = try await receipt
      #expect(first.answer.pair?.jsonValue.int64 == 1)
      // From here on nothing is known of that request, nor of its revision.
      try await pair.database.raiseIndex(by: Limits.rememberedRequests)
      for _ in 0..<32 { try await pair.database.apply(.increment(Self.key, by: 100)) }
      #expect(try await pair.database.compacted() >= first.revision)
      let answer = try await pair.database.engine.gateway.ask(
        "/v3/kv/txn", late, until: .now + .seconds(5))
      #expect(answer["succeeded"]?.bool != true)
      // And one more attempt is refused by what the client knows of its age.
      let again = await EtcdStore.failure {
        try await pair.database.apply(
          .increment(Self.key, by: 1),
          from: Origin(request: .init("held", knownRevision: first.revision - 1)))
      }
      #expect(again?.code == .requestExpired)
      #expect(try await pair.number() == 3201)
      #expect(try await pair.database.verify() == 34)
      try await pair.end()
    }

    @Test(arguments: [10, 11])
    func `a program that dies while it forgets a long history leaves nothing half-way`(
      steps: Int
    ) async throws {
      let pair = try await Pair(timeout: .seconds(1))
      for round in 0..<20 {
        let pairs = (0..<10).map {
          NewPair(key: Bytes(utf8: "k\($0)"), value: Bytes(utf8: "\(round)"))
        }
        try await pair.database.apply(.setMany(pairs, .spare))
      }
      try await pair.database.apply(.setSetting(.historyRevisions, value: "2"))
      // Every sixteenth change forgets: of these the eleventh.
      pair.proxy.dieAfter(changes: steps)
      for _ in 0..<16 {
        guard
          await EtcdStore.failure({ try await pair.store.apply(.increment(Self.key, by: 1)) })
            == nil
        else { break }
      }
      await pair.store.shutdown()
      #expect(try await pair.number() == Int64(steps))
      #expect(try await pair.database.compacted() == (steps < 11 ? 0 : 29))
      for number in 1...16 {
        let receipt = try await pair.database.apply(.increment(Self.key, by: 1))
        #expect(receipt.answer.pair?.jsonValue.int64 == Int64(steps + number))
      }
      let revision = try await pair.database.verify()
      #expect(revision == UInt64(21 + steps + 16))
      #expect(try await pair.database.compacted() >= revision - 18)
      try await pair.end()
    }

    @Test func `an attempt that may come yet is not called off`() async throws {
      let pair = try await Pair(timeout: .milliseconds(500))
      try await pair.store.apply(.increment(Self.key, by: 1))
      pair.proxy.holdNextChange(andAllAfter: true)
      let failure = await EtcdStore.failure {
        try await pair.store.apply(.increment(Self.key, by: 1))
      }
      #expect(failure?.outcome == .unknown)
      let late = try await pair.proxy.held()
      _ = try await pair.database.engine.gateway.ask(
        "/v3/kv/txn", late, until: .now + .seconds(5))
      #expect(try await pair.number() == 2)
      try await pair.end()
    }

    @Test(arguments: LossyProxy.WatchFault.allCases)
    fileprivate func `changes are told once and in order, whatever becomes of watch answers`(
      fault: LossyProxy.WatchFault
    ) async throws {
      let pair = try await Pair()
      pair.proxy.spoilWatches(fault)
      var events = try await pair.store.changes(since: 0, HistoryFilter(), at: .now)
        .makeAsyncIterator()
      async let changes: Void = {
        for _ in 0..<30 { try await pair.database.apply(.increment(Self.key, by: 1)) }
      }()
      var told: [UInt64] = []
      while told.count < 30, let batch = try await events.next() {
        for case .change(let revision) in batch { told.append(revision.number) }
      }
      try await changes
      #expect(told == Array(1...30))
      try await pair.end()
    }

    @Test(arguments: ["{}", "<html></html>", #"{"header":{},"responses":[]}"#, "[1]"])
    func `what is no etcd is told from one`(answer: String) async throws {
      try await FakeServer.running(answer) { address in
        let store = try EtcdStore(
          EtcdAddress(parsing: "etcd://\(address)/x"), timeout: .milliseconds(300))
        for failure in [
          await EtcdStore.failure { _ = try await store.get(Self.key, at: .now) },
          await EtcdStore.failure { try await store.apply(.increment(Self.key, by: 1)) },
          await EtcdStore.failure { _ = try await store.begin() },
        ] {
          #expect(failure?.outcome != .unknown)
          #expect(
            [.badAnswer, .unreachable].contains(failure?.code), "\(String(describing: failure))")
        }
        await store.shutdown()
      }
    }
  }
}

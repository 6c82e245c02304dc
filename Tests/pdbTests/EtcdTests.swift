// A database in a real etcd: what only this kind of store can do wrong.

import Foundation
import PDBKit
import PDBLocal
import Testing

@testable import PDBEtcd

extension ProcessTests {
  @Suite(.enabled(if: EtcdServer.program != nil, "there is no etcd")) struct EtcdTests {
    private static let key = Bytes(utf8: "n")

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
      let refused = await EtcdStore.failure {
        try await second.apply(.increment(Self.key, by: 2), from: origin)
      }
      #expect(refused?.code == .requestMismatch)
      #expect(try await first.get(Self.key, at: .now).value?.jsonValue.int64 == 1)
      await first.shutdown()
      await second.shutdown()
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
      let failure = await EtcdStore.failure { _ = try await other.get(Self.key, at: .now) }
      #expect(failure?.code == .corrupt)
      #expect(failure?.message.contains("was not written by pdb") == true)
      await store.shutdown()
      await other.shutdown()
    }

    @Test func `verifying finds what others put, alter and remove`() async throws {
      let server = try await EtcdServer.shared.value
      func change(_ store: EtcdStore, _ path: String, _ body: JSON) async throws {
        _ = try await store.engine.gateway.ask(path, body, until: .now + .seconds(5))
      }
      for number in 0..<3 {
        let store = try await server.database()
        for name in ["a", "b"] { try await store.apply(.increment(Bytes(utf8: name), by: 1)) }
        try await store.apply(.addTasks([try Title("Học Python")]))
        #expect(try await store.verify() == 3)
        let layout = await store.engine.layout
        let other = Bytes(utf8: #"{"revision":2,"value":7}"#)
        switch number {
        case 0:
          let place = layout.present(Bytes(utf8: "c"))
          try await change(
            store, "/v3/kv/put", ["key": .string(place.base64), "value": .string(other.base64)])
        case 1:
          let place = layout.present(Bytes(utf8: "b"))
          try await change(
            store, "/v3/kv/put", ["key": .string(place.base64), "value": .string(other.base64)])
        default:
          let place = layout.present(Bytes(utf8: "a"))
          try await change(store, "/v3/kv/deleterange", ["key": .string(place.base64)])
        }
        let failure = await EtcdStore.failure { _ = try await store.verify() }
        #expect(failure?.code == .corrupt)
        let names = number == 1 ? "k/b" : number == 0 ? "k/c" : nil
        #expect(
          names.map { failure?.message.contains($0) == true } ?? true, "\(failure?.message ?? "")")
        await store.shutdown()
      }
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

    @Test func `what is larger than one request of etcd is made, beside other changes`()
      async throws
    {
      let store = try await EtcdServer.shared.value.database()
      func large(_ letter: String) -> Bytes {
        JSON.string(String(repeating: letter, count: 500_000)).serialized()
      }
      func change(_ count: Int, _ letter: String) -> Change {
        .setMany(
          (0..<count).map { .init(key: Bytes(utf8: "large\($0)"), value: large(letter)) }, .spare)
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await store.apply(change(5, "v")) }
        for number in 0..<8 {
          group.addTask {
            try await store.apply(
              .set(NewPair(key: Bytes(utf8: "k\(number)"), value: large("v")), .none, .spare))
          }
        }
        try await group.waitForAll()
      }
      // Now the earlier values are kept, too.
      try await store.apply(change(5, "w"))
      let other = try EtcdStore(store.address, timeout: .seconds(20))
      for store in [store, other] {
        let pairs = try await store.pairs(PairQuery(), at: .now).all()
        #expect(pairs.count == 13)
        for pair in pairs {
          let letter = pair.key.starts(with: Bytes(utf8: "large")) ? "w" : "v"
          #expect(pair.value == large(letter))
        }
        #expect(try await store.get(Bytes(utf8: "large4"), at: .now).revision == 10)
      }
      #expect(try await store.aside().isEmpty)
      await store.shutdown()
      await other.shutdown()
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

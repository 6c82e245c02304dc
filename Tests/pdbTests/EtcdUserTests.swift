// An etcd with users: what becomes of a program that has logged in when users and roles change.

import Foundation
import PDBKit
import PDBLocal
import Testing

@testable import PDBEtcd

extension ProcessTests {
  @Suite(.enabled(if: EtcdServer.program != nil, "there is no etcd")) struct EtcdUserTests {
    private static let key = Bytes(utf8: "n")

    /// An etcd with users, a database in it, and who may change users.
    private struct Guarded {
      let server: EtcdServer
      let administrator: EtcdGateway
      let store: EtcdStore

      init() async throws {
        server = try await EtcdServer()
        let open = try await server.database()
        let address = open.address
        let all = await open.engine.layout.all
        await open.shutdown()
        var access = EtcdAccess()
        access.user = ("root", "r")
        administrator = try EtcdGateway(address, access)
        access.user = ("lan", "l")
        store = try EtcdStore(address, access, author: "lan", timeout: .seconds(20))
        let everybody = try EtcdGateway(address, EtcdAccess())
        func change(_ path: String, _ body: JSON) async throws {
          _ = try await everybody.ask("/v3/auth/\(path)", body, until: .now + .seconds(5))
        }
        for (name, password) in [("root", "r"), ("lan", "l"), ("other", "o")] {
          try await change("user/add", ["name": .string(name), "password": .string(password)])
        }
        for role in ["root", "pdb", "other"] {
          try await change("role/add", ["name": .string(role)])
        }
        try await change(
          "role/grant",
          [
            "name": "pdb",
            "perm": [
              "permType": "READWRITE", "key": .string(all.lower.base64),
              "range_end": .string(all.upper.base64),
            ],
          ])
        try await change("user/grant", ["user": "root", "role": "root"])
        try await change("user/grant", ["user": "lan", "role": "pdb"])
        try await change("enable", [:])
        await everybody.shutdown()
      }

      func change(_ path: String, _ body: JSON) async throws {
        _ = try await administrator.ask("/v3/auth/\(path)", body, until: .now + .seconds(5))
      }

      func setPassword(_ password: String) async throws {
        try await change("user/changepw", ["name": "lan", "password": .string(password)])
      }

      func end() async throws {
        await store.shutdown()
        await administrator.shutdown()
        try server.end()
      }
    }

    @Test func `what changes of users and roles is no trouble, and what is taken is told`()
      async throws
    {
      let guarded = try await Guarded()
      let store = guarded.store
      var events = try await store.changes(since: 0, HistoryFilter(), at: .now).makeAsyncIterator()
      var made: Int64 = 0
      func goesOn(_ why: Comment) async throws {
        for _ in 0..<3 {
          made += 1
          let receipt = try await store.apply(.increment(Self.key, by: 1))
          #expect(receipt.answer.pair?.jsonValue.int64 == made, why)
        }
        #expect(try await store.get(Self.key, at: .now).value?.jsonValue.int64 == made, why)
      }
      func isRefused(_ why: Comment) async {
        let change = await EtcdStore.failure { try await store.apply(.increment(Self.key, by: 1)) }
        #expect(change?.code == .unauthorized && change?.outcome == .notApplied, why)
        let read = await EtcdStore.failure { _ = try await store.get(Self.key, at: .now) }
        #expect(read?.code == .unauthorized, why)
      }
      try await goesOn("at first")
      try await guarded.change("user/grant", ["user": "other", "role": "other"])
      try await goesOn("after a change of others' rights")
      // What was given for a password is over when the password changes, as it is after a while.
      try await guarded.setPassword("x")
      try await guarded.setPassword("l")
      try await goesOn("after its token was over")
      try await guarded.setPassword("x")
      await isRefused("with another password")
      try await guarded.setPassword("l")
      try await goesOn("with its password again")
      try await guarded.change("user/revoke", ["name": "lan", "role": "pdb"])
      await isRefused("without its role")
      try await guarded.change("user/grant", ["user": "lan", "role": "pdb"])
      try await goesOn("with its role again")
      var told: [UInt64] = []
      while told.count < made, let batch = try await events.next() {
        for case .change(let revision) in batch { told.append(revision.number) }
      }
      #expect(told == (1...UInt64(made)).map { $0 })
      try await guarded.end()
    }
  }
}

// Nodes that share a secret, and peers that do not know it.

import Foundation
import NIOCore
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct ClusterSecretTests {
    private func secret(_ text: String) throws -> String {
      let path = FileManager.default.temporaryDirectory.path + "/secret-\(UUID().uuidString)"
      try writeSecret(text, to: path)
      return path
    }

    @Test func `nodes that know the secret work together; one that does not stays outside`()
      async throws
    {
      let good = try secret("0123456789abcdef0123456789abcdef")
      let bad = try secret("fedcba9876543210fedcba9876543210")
      defer {
        for file in [good, bad] { try? FileManager.default.removeItem(atPath: file) }
      }
      let cluster = try await TestCluster(3)
      defer { cluster.killAll() }
      for node in 0..<2 { try cluster.start(node, arguments: ["--cluster-secret-file", good]) }
      try cluster.start(2, arguments: ["--cluster-secret-file", bad])
      _ = try await cluster.leader()
      try await cluster.change(.add("inside"))
      let term = try await cluster.get(0, "/status").json["term"]?.uint64
      _ = try await waitFor {
        try cluster.log(0).contains("secret") && cluster.log(2).contains("secret") ? true : nil
      }
      #expect(try await cluster.get(2, "/status").json["leader"] == .null)
      #expect(try await cluster.get(2, "/status").json["applied"]?.uint64 == 0)
      #expect(try await cluster.get(0, "/status").json["term"]?.uint64 == term)
      // With the right secret it is one of them.
      cluster.kill9(2)
      try cluster.start(2, arguments: ["--cluster-secret-file", good])
      _ = try await cluster.settled()
    }

    @Test func `without TLS nobody is heard as a peer`() async throws {
      let good = try secret("0123456789abcdef0123456789abcdef")
      defer { try? FileManager.default.removeItem(atPath: good) }
      for arguments in [[], ["--cluster-secret-file", good]] {
        try await TestCluster.running(1, arguments: arguments) { cluster in
          let status = try await cluster.get(0, "/status").json
          let name = Array(status["cluster"]!.string!.utf8)
          let node = UInt64(status["node"]!.string!, radix: 16)!
          let hello: [UInt8] =
            [1, 1, UInt8(name.count)] + name + [9] + leb128(node) + [3, 0, 0]
          // A vote request for a term far away: kind 18, term 99, a log far ahead.
          let vote: [UInt8] = [18, 99, 99, 98, 1]
          for version in 1...2 {
            let upgrade =
              "GET /peer HTTP/1.1\r\nHost: \(cluster.addresses[0])\r\n"
              + "Connection: upgrade\r\nUpgrade: pdb-raft/\(version)\r\n\r\n"
            let answer = try cluster.sendRaw(
              0, Array(upgrade.utf8) + frame(hello) + frame([3, 0]) + frame(vote), isLast: false)
            #expect(answer.hasPrefix("HTTP/1.1 404"), "\(answer)")
          }
          let after = try await cluster.get(0, "/status").json
          #expect(after["term"] == status["term"])
          #expect(after["revision"] == status["revision"])
        }
      }
    }

    @Test func `the secret of one user's nodes is another user's secret`() async throws {
      let workspace = try Workspace()
      try await TestCluster.running(1, spare: 1) { cluster in
        let arguments = [
          "node", "start", "--port", String(cluster.addresses[1].port), "--join",
          cluster.addresses[0].description,
        ]
        // The workspace has a state folder of its own.
        let run = try await workspace.run(arguments)
        #expect(run.status == 77 && run.error.contains("another cluster secret"), "\(run.error)")
        #expect(
          try await cluster.get(0, "/cluster/members").json["members"]?.array?.count == 1)
        try cluster.start(1, arguments: ["--join", cluster.addresses[0].description])
        _ = try await cluster.settled()
      }
    }

    @Test func `an invited node is let in, once`() async throws {
      try await TestCluster.running(1, spare: 2) { cluster in
        let printed = try await cluster.pdb("cluster", "invite")
        let invitation = printed.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(printed.status == 0 && Invitation.isMeant(by: invitation), "\(printed.error)")
        // Of another user, who shares no state folder.
        let other = try Workspace()
        func arguments(_ node: Int) -> [String] {
          ["node", "start", "--port", String(cluster.addresses[node].port), "--join", invitation]
        }
        for _ in 0..<2 {
          let process = other.process(arguments(1))
          process.standardError = FileHandle.nullDevice
          try process.run()
          cluster.adopt(process, as: 1)
          _ = try await cluster.settled(0..<2)
          // It is started again with the same words.
          #expect(cluster.stop(1) == 0)
        }
        let run = try await other.run(arguments(2) + ["--data-dir", "third"])
        #expect(run.status == 3 && run.error.contains("was used before"), "\(run.error)")
        let changed = try await other.run(
          ["node", "start", "--port", String(cluster.addresses[2].port), "--data-dir", "third"]
            + ["--join", String(invitation.dropLast(4))])
        #expect(changed.status == 65, "\(changed.error)")
      }
    }

    @Test func `the certificate is the same from a node and from its files`() async throws {
      try await TestCluster.running(1) { cluster in
        let port = String(cluster.addresses[0].port)
        let told = try await cluster.pdb("cluster", "cert", "--hash")
        let found = try await cluster.pdb("cluster", "cert", "--hash", "--port", port)
        #expect(told.output.hasPrefix("SHA256:") && told.output == found.output)
        let url = "https://" + cluster.addresses[0].description
        let key = told.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let known = try await cluster.pdb("task", "add", "a", "--node", url, "--cluster-key", key)
        #expect(known.status == 0, "\(known.error)")
        let unknown = try await cluster.pdb("task", "ls", "--node", url)
        #expect(unknown.status == 76 && unknown.error.contains(key), "\(unknown.error)")
        // A remote remembers it.
        let added = try await cluster.pdb("remote", "add", "far", url, "--cluster-key", key)
        #expect(added.status == 0, "\(added.error)")
        #expect(try await cluster.pdb("task", "ls", "--db", "far").output.contains("\ta\n"))
      }
    }

    private func frame(_ bytes: [UInt8]) -> [UInt8] { [0, 0, 0, UInt8(bytes.count)] + bytes }

    private func leb128(_ value: UInt64) -> [UInt8] {
      var (rest, bytes) = (value, [UInt8]())
      while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      return bytes + [UInt8(rest)]
    }
  }
}

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

    @Test func `a stranger on the port can neither raise the term nor write`() async throws {
      let good = try secret("0123456789abcdef0123456789abcdef")
      defer { try? FileManager.default.removeItem(atPath: good) }
      try await TestCluster.running(1, arguments: ["--cluster-secret-file", good]) { cluster in
        let status = try await cluster.get(0, "/status").json
        let upgrade =
          "GET /peer HTTP/1.1\r\nHost: \(cluster.addresses[0])\r\n"
          + "Connection: upgrade\r\nUpgrade: pdb-raft/1\r\n\r\n"
        let name = Array(status["cluster"]!.string!.utf8)
        let node = UInt64(status["node"]!.string!, radix: 16)!
        let hello: [UInt8] =
          [1, 1, UInt8(name.count)] + name + [9] + leb128(node) + [3, 0, 0]
        // A vote request for a term far away: kind 18, term 99, a log far ahead.
        let vote: [UInt8] = [18, 99, 99, 98, 0]
        for proof in [[3, 0], [3, 32] + [UInt8](repeating: 7, count: 32)] as [[UInt8]] {
          let answer = try cluster.sendRaw(
            0, Array(upgrade.utf8) + frame(hello) + frame(proof) + frame(vote), isLast: false)
          #expect(answer.hasSuffix("\u{6}secret"))
        }
        // Messages before any proof end the connection.
        _ = try cluster.sendRaw(0, Array(upgrade.utf8) + frame(hello) + frame(vote))
        _ = try cluster.sendRaw(0, Array(upgrade.utf8) + frame(vote))
        let after = try await cluster.get(0, "/status").json
        #expect(after["term"] == status["term"])
        #expect(after["revision"] == status["revision"])
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

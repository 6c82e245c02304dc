// Watching nodes agree: what each reports of itself, and what it remembers of elections.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct WatchTests {
    /// The frames of a node, as they come.
    private struct Frames {
      private let stream: RawConnection
      private var seen = 0

      init(of node: Int, in cluster: TestCluster) throws {
        stream = try cluster.connection(node)
        stream.send(cluster.head(node, "GET /consensus") + "\r\n")
      }

      mutating func next() throws -> JSON {
        seen += 1
        let whole = try stream.read(until: {
          $0.components(separatedBy: "data: {").count > seen + 1
        })
        let part = whole.components(separatedBy: "data: {")[seen]
        return try JSON(parsing: Bytes(utf8: "{" + part.components(separatedBy: "\n")[0]))
      }

      /// The first frame that holds what is asked for.
      mutating func first(where holds: (JSON) -> Bool) throws -> JSON {
        for _ in 0..<100 {
          let frame = try next()
          if holds(frame) { return frame }
        }
        throw PDBError(.timedOut, "no such frame came")
      }
    }

    private static func kinds(_ frame: JSON) -> Set<String> {
      Set((frame["messages"]?.array ?? []).compactMap { $0["kind"]?.string })
    }

    @Test func `a leader shows its term, its log and what it sends`() async throws {
      try await TestCluster.running(3) { cluster in
        let leader = try await cluster.leader()
        _ = try await cluster.settled()
        var frames = try Frames(of: leader, in: cluster)
        let idle = try frames.first { Self.kinds($0).contains("heartbeat") }
        let status = try #require(await cluster.status(leader))
        #expect(idle["role"] == "leader" && idle["node"] == status["node"])
        #expect(idle["term"] == status["term"] && idle["vote"] == idle["node"])
        let last = try #require(idle["last"]?.uint64)
        #expect(idle["committed"]?.uint64 == last && idle["durable"]?.uint64 == last)
        let (terms, term) = (idle["terms"]?.array ?? [], idle["term"])
        #expect(terms.count == min(12, Int(last)) && terms.last == term)
        _ = try await cluster.pdb("task", "add", "Học Python")
        let busy = try frames.first { Self.kinds($0).contains("append") }
        let message = busy["messages"]?.array?.first { $0["kind"] == "append" }
        #expect(message?["entries"]?.uint64 ?? 0 >= 1 && message?["term"] == term)
      }
    }

    @Test func `a node that is watched stops at once`() async throws {
      try await TestCluster.running(3) { cluster in
        let leader = try await cluster.leader()
        var frames = try Frames(of: leader, in: cluster)
        _ = try frames.next()
        let begin = ContinuousClock.now
        #expect(cluster.stop(leader) == 0)
        #expect(ContinuousClock.now - begin < .seconds(4))
        #expect(throws: TimedOut.self) { while true { _ = try frames.next() } }
      }
    }

    @Test func `followers show votes and answers, and an election is seen`() async throws {
      try await TestCluster.running(3) { cluster in
        let leader = try await cluster.leader()
        _ = try await cluster.settled()
        let others = (0..<3).filter { $0 != leader }
        var frames = try others.map { try Frames(of: $0, in: cluster) }
        let quiet = try frames[0].first { Self.kinds($0).contains("matched") }
        #expect(quiet["role"] == "follower" && quiet["timeout"]?.uint64 ?? 0 > 0)
        cluster.kill9(leader)
        let next = try await waitFor { () -> Int? in
          try await cluster.leader() != leader ? try await cluster.leader() : nil
        }
        let position = try #require(others.firstIndex(of: next))
        let winner = try frames[position].first { $0["role"] == "leader" }
        #expect(winner["term"]?.uint64 ?? 0 > quiet["term"]?.uint64 ?? 0)
        // And it stays known when the moment is over.
        let timeline = try await cluster.get(next, "/timeline").json["entries"]?.array ?? []
        let kinds = timeline.compactMap { $0["kind"]?.string }
        #expect(kinds.first == "started" && kinds.last == "leads")
        #expect(timeline.last?["term"] == winner["term"])
        let voter = try #require(others.first { $0 != next })
        let seen = try await waitFor { () -> JSON? in
          try await cluster.get(voter, "/timeline").json["entries"]?.array?.last {
            $0["kind"] == "follows" && $0["term"] == winner["term"]
          }
        }
        #expect(seen["member"]?.string == cluster.addresses[next].description)
      }
    }
  }
}

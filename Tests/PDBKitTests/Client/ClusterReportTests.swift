// The verdict on a cluster.

import PDBClient
import PDBImport
import PDBModel
import PDBServer
import PDBStore
import Testing

@Suite struct ClusterReportTests {
  @Test func `the verdict is the page's`() throws {
    let cases = try PageCases.read("verdicts")
    for item in cases {
      let members = (item["members"]?.array ?? []).map { member in
        let id = member["id"]?.string ?? "?"
        let said = item["reports"]?[id]
        return ClusterReport.MemberReport(
          id: id, address: member["address"]?.string ?? "?",
          isVoter: member["voter"]?.bool ?? true,
          status: said?["status"].flatMap { status(of: id, $0) },
          failure: said?["failure"]?.string, silence: member["silent_ms"]?.uint64)
      }
      let report = ClusterReport(
        cluster: "c1", quorum: Int(item["quorum"]?.int64 ?? 0), members: members,
        engine: item["engine"]?.string.flatMap(ClusterView.Engine.init) ?? .raft)
      #expect(report.health.rawValue == item["health"]?.string, "\(item["name"]?.string ?? "?")")
      #expect(report.verdict == item["verdict"]?.string)
    }
    #expect(!cases.isEmpty)
  }

  /// What a node says of itself, where only a part of it matters.
  private func status(of id: String, _ said: JSON) -> NodeStatus? {
    let rest: [JSON.Member] = [
      .init("node", .string(id)), .init("cluster", "c1"), .init("address", "127.0.0.1:4000"),
      .init("role", .string(said["is_leader"]?.bool == true ? "leader" : "follower")),
    ]
    return said.members.flatMap { NodeStatus(json: .object(rest + $0)) }
  }
}

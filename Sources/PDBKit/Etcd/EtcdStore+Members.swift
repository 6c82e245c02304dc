// The members of the etcd that keeps the data, as they say themselves.

package import PDBClient
package import PDBModel
package import PDBStore

extension EtcdStore {
  /// How etcd is.
  package func report() async throws(PDBError) -> ClusterReport {
    let end = ContinuousClock.now + .seconds(2)
    let identity = try await identity()
    let list: JSON
    let alarms: JSON
    do {
      list = try await engine.gateway.ask("/v3/cluster/member/list", [:], until: end)
      alarms = try await engine.gateway.ask(
        "/v3/maintenance/alarm", ["action": "GET"], until: end)
    } catch { throw PDBError(reading: error) }
    let members = list["members"]?.array ?? []
    let reports = await withTaskGroup(of: (Int, ClusterReport.MemberReport).self) { group in
      for (position, member) in members.enumerated() {
        let raised = (alarms["alarms"]?.array ?? []).filter { $0["memberID"] == member["ID"] }
        group.addTask { [self] in
          let names = raised.compactMap { $0["alarm"]?.string?.lowercased() }
          return (position, await report(member, identity, alarms: names))
        }
      }
      var reports: [(Int, ClusterReport.MemberReport)] = []
      for await report in group { reports.append(report) }
      return reports.sorted { $0.0 < $1.0 }.map(\.1)
    }
    let voters = reports.count(where: \.isVoter)
    return ClusterReport(cluster: identity.cluster, quorum: voters / 2 + 1, members: reports)
  }

  private func report(
    _ member: JSON, _ identity: ClusterIdentity, alarms: [String]
  ) async -> ClusterReport.MemberReport {
    let id = member["ID"]?.string.flatMap { UInt64($0) } ?? 0
    let url = member["clientURLs"]?.array?.first?.string ?? ""
    let isVoter = member["isLearner"]?.bool != true
    let address = try? NodeAddress(parsing: url)
    func report(_ status: NodeStatus?, _ failure: String?) -> ClusterReport.MemberReport {
      .init(
        id: String(id, radix: 16), address: address?.description ?? url, isVoter: isVoter,
        status: status, failure: failure)
    }
    guard let address else { return report(nil, "it does not say where clients reach it") }
    do {
      let answer = try await engine.gateway.ask(
        "/v3/maintenance/status", of: address, until: .now + .seconds(1))
      func number(_ name: String) -> UInt64 { answer[name]?.string.flatMap { UInt64($0) } ?? 0 }
      let applied = number("raftAppliedIndex")
      let isLeader = number("leader") == id
      return report(
        NodeStatus(
          node: String(id, radix: 16), identity: identity, incarnation: "", address: address,
          role: isLeader ? "leader" : "follower", leader: nil, term: number("raftTerm"), peers: [],
          lastHeartbeat: nil, commitIndex: number("raftIndex"), settledCommitIndex: applied,
          appliedIndex: applied, lastIndex: number("raftIndex"), firstIndex: 0, logEntries: 0,
          logBytes: Int(number("dbSize")), revision: UInt64(max(0, answer.etcdRevision)), hash: 0,
          alarms: alarms, poisoned: nil, version: answer["version"]?.string ?? ""), nil)
    } catch { return report(nil, PDBError(reading: error).message) }
  }

  /// The nodes that stand in front of it, the one that leads first.
  package func fronts() async throws(PDBError) -> [ClusterMember] {
    do { return try await FrontRegistry(engine).members() } catch { throw PDBError(reading: error) }
  }
}

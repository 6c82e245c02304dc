// Polls the nodes all the time: which one leads, and whether two ever lead in one term.

import Foundation

/// What a node says of itself, as far as it matters here.
struct NodeStatus: Decodable, Sendable {
  let node: String
  let cluster: String
  let isLeader: Bool
  let term: UInt64
  let leader: String?
  let applied: UInt64
  let commit: UInt64
  let last: UInt64
  let revision: UInt64
  let hash: String
  let alarms: [String]

  private enum CodingKeys: String, CodingKey {
    case isLeader = "is_leader"
    case node, cluster, term, leader, applied, commit, last, revision, hash, alarms
  }
}

/// Asks every node for its status again and again.
actor Observer {
  private let http: HTTP
  private let findings: Findings
  private var latest: [Int: NodeStatus] = [:]
  private var leaderOfTerm: [UInt64: Int] = [:]
  private(set) var leaderChanges = 0

  init(http: HTTP, findings: Findings) {
    self.http = http
    self.findings = findings
  }

  /// The node that leads in the newest term, as far as nodes answer.
  var leader: Int? {
    latest.filter { $0.value.isLeader }.max { $0.value.term < $1.value.term }?.key
  }

  func watch() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for node in http.addresses.indices {
        group.addTask {
          while !Task.isCancelled {
            await self.note(await self.status(node), of: node)
            try await Task.sleep(for: .milliseconds(60))
          }
        }
      }
      try await group.waitForAll()
    }
  }

  nonisolated func status(_ node: Int) async -> NodeStatus? {
    await http.get("/status", from: node, within: .milliseconds(400))
  }

  /// All nodes' statuses, or `nil` if one does not answer.
  nonisolated func allStatuses() async -> [NodeStatus]? {
    var statuses: [NodeStatus] = []
    for node in http.addresses.indices {
      guard let status = await status(node) else { return nil }
      statuses.append(status)
    }
    return statuses
  }

  private func note(_ status: NodeStatus?, of node: Int) {
    latest[node] = status
    if let status, status.term >= Stranger.inventedTerm {
      findings.report("node \(node) believed a stranger, and is in term \(status.term)")
    }
    guard let status, status.isLeader else { return }
    if let other = leaderOfTerm[status.term] {
      if other != node {
        findings.report("nodes \(other) and \(node) both led in term \(status.term)")
      }
    } else {
      leaderOfTerm[status.term] = node
      leaderChanges += 1
    }
  }
}

// The node and its cluster over HTTP.

import Foundation
import HTTPTypes
import Hummingbird
import Raft

extension Endpoint {
  static let cluster: [Endpoint] = [
    Endpoint(.get, "/heartbeat", "Whether the node is alive; reports, and changes nothing") {
      let status = $0.engine.status
      return Response(
        json: [
          "status": "alive", "port": JSON(status.identity.address.port),
          "is_leader": .bool(status.isLeader), "current_leader": status.leaderURL,
          "leader": status.leaderURL, "term": JSON(status.term),
        ])
    },
    Endpoint(.get, "/health", "Whether the node is alive") {
      let status = $0.engine.status
      return Response(
        json: [
          "status": "ok", "port": JSON(status.identity.address.port),
          "is_leader": .bool(status.isLeader), "term": JSON(status.term),
        ])
    },
    Endpoint(.get, "/status", "The node's role, term and progress") {
      Response(json: $0.engine.status.json)
    },
    Endpoint(.get, "/cluster/status", "The members and who leads them, as this node knows it") {
      let (status, neighbours) = ($0.engine.status, $0.node.neighbours)
      let others = status.members.filter { $0.id != status.leader?.id }
      return Response(
        json: [
          "cluster": .string(status.identity.cluster),
          "birth": JSON(status.birth),
          "leader": status.leaderURL,
          "followers": .array(others.map { .string("http://\($0.address)") }),
          "current_node": .string(status.identity.address.url),
          "is_leader": .bool(status.isLeader),
          "term": JSON(status.term),
          "quorum": JSON(status.membership.quorum),
          "members": .array(
            status.members.map { member in
              let restart = member.id == status.identity.node ? nil : neighbours.restart(member)
              return .object(
                (status.json(of: member).members ?? []) + [.init("restart", JSON(restart))])
            }),
        ])
    },
    Endpoint(.get, "/livez", "200 while the process works", isPublic: true) { _ in
      Response(json: ["status": "ok"])
    },
    Endpoint(
      .get, "/readyz", "200 while the node knows a leader and can serve reads", isPublic: true
    ) {
      let status = $0.engine.status
      guard status.leader != nil else {
        throw PDBError(.noLeader, "the node knows no leader")
      }
      guard status.alarms.isEmpty else {
        throw PDBError(
          .busy, "the node is in trouble: \(status.alarms.map(\.rawValue).joined(separator: ", "))",
          hint: "its log says more",
          details: [.init("alarms", .array(status.alarms.map { .string($0.rawValue) }))])
      }
      return Response(json: ["status": "ok"])
    },
    Endpoint(.get, "/metrics", "Figures for Prometheus") {
      let text = MetricsText($0.engine.status, $0.engine.measurements, $0.node).text
      return Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    },
  ]
}

extension EngineStatus {
  fileprivate var leaderURL: JSON { JSON(leader.map { "http://\($0.address)" }) }

  fileprivate var json: JSON {
    [
      "node": .string(identity.node.text),
      "cluster": .string(identity.cluster),
      "birth": JSON(birth),
      "incarnation": .string(identity.incarnation.text),
      "address": .string(identity.address.description),
      "port": JSON(identity.address.port),
      "role": .string(role.rawValue),
      "is_leader": .bool(isLeader),
      "leader": leaderURL,
      "current_leader": leaderURL,
      "term": JSON(term),
      "peers": .array(
        members.filter { $0.id != identity.node }.map { .string("http://\($0.address)") }),
      "last_heartbeat": lastHeartbeat.map {
        .number(String(Double($0.milliseconds) / 1000))
      } ?? .null,
      "commit": JSON(commitIndex),
      "commit_settled": JSON(settledCommitIndex),
      "applied": JSON(mark.appliedIndex),
      "last": JSON(lastIndex),
      "log_first": JSON(firstIndex),
      "log_entries": JSON(logEntries),
      "log_bytes": JSON(logBytes),
      "revision": JSON(mark.revision),
      "hash": .string(String(mark.hash, radix: 16)),
      "alarms": .array(alarms.map { .string($0.rawValue) }),
      "version": .string(pdbVersion),
    ]
  }
}

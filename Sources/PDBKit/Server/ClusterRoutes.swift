// The node and its cluster over HTTP.

import HTTPTypes
import Hummingbird
import PDBModel
import PDBStore

extension Endpoint {
  static let cluster: [Endpoint] = [
    Endpoint(
      .get, "/heartbeat", "Whether the node is alive; reports, and changes nothing",
      id: "heartbeat", .report, answers: .json(.heartbeat, "It is")
    ) {
      let status = $0.store.nodeStatus
      let leader = status.json["leader"] ?? .null
      return Response(
        json: [
          "status": "alive", "port": JSON(status.address.port),
          "is_leader": .bool(status.isLeader), "current_leader": leader, "leader": leader,
          "term": JSON(status.term),
        ])
    },
    Endpoint(
      .get, "/health", "Whether the node is alive", id: "health", .report,
      answers: .json(.health, "It is")
    ) {
      let status = $0.store.nodeStatus
      return Response(
        json: [
          "status": "ok", "port": JSON(status.address.port), "is_leader": .bool(status.isLeader),
          "term": JSON(status.term),
        ])
    },
    Endpoint(
      .get, "/status", "The node's role, term and progress", id: "getStatus", .report,
      answers: .json(.nodeStatus, "The status of the node")
    ) {
      Response(json: $0.store.nodeStatus.json)
    },
    Endpoint(
      .get, "/cluster/status", "The members and who leads them, as this node knows it",
      id: "getClusterStatus", .report, answers: .json(.clusterView, "The cluster")
    ) {
      Response(json: try await $0.store.view().json)
    },
    Endpoint(
      .get, "/livez", "200 while the process works", id: "isAlive", .report, isPublic: true,
      answers: .json(.well, "It does")
    ) { _ in
      Response(json: ["status": "ok"])
    },
    Endpoint(
      .get, "/readyz", "200 while the node knows a leader and can serve reads", id: "isReady",
      .report,
      isPublic: true, answers: .json(.well, "It can")
    ) {
      let status = $0.store.nodeStatus
      // An alarm may be why there is no leader.
      guard status.alarms.isEmpty else {
        throw PDBError(
          .busy, "the node is in trouble: \(status.alarms.joined(separator: ", "))",
          hint: status.poisoned.map { "\($0.message); \($0.hint)" } ?? "its log says more",
          details: [.init("alarms", .array(status.alarms.map { .string($0) }))])
      }
      guard status.leader != nil else {
        throw PDBError(.noLeader, "the node knows no leader")
      }
      return Response(json: ["status": "ok"])
    },
    Endpoint(
      .get, "/metrics", "Figures for Prometheus", id: "getMetrics", .report,
      answers: .text("text/plain", summary: "The text format of Prometheus, version 0.0.4")
    ) {
      let text = MetricsText($0.store, $0.node).text
      return Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    },
  ]
}

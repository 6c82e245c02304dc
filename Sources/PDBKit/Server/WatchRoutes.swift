// Watching the node agree with others, over HTTP.

import HTTPTypes
import Hummingbird
import NIOCore
import PDBCoordinator
import PDBModel
import PDBStore

extension Endpoint {
  static let watching: [Endpoint] = [
    Endpoint(
      .get, "/timeline", "Elections, members and alarms that the node has seen since it started",
      id: "getTimeline", .report, answers: .json(.timeline, "What happened, the oldest first")
    ) {
      let status = $0.store.nodeStatus
      return Response(
        json: [
          "node": .string(status.node), "address": .string(status.address.description),
          "entries": .array($0.store.timeline.map(\.json)),
        ])
    },
    Endpoint(
      .get, "/consensus",
      "How the node agrees with others: role, votes, log and messages, five times a second",
      id: "watchConsensus", .report,
      answers: .events(of: .consensusFrame, "Events 'frame', whose data is a Frame"),
      failures: [.notSupported]
    ) { exchange in
      guard let frames = exchange.store.consensusFrames() else {
        throw PDBError(
          .notSupported, "a node in front of etcd agrees with nobody: etcd does",
          hint: "'pdb cluster status' shows the members of etcd")
      }
      return try exchange.stream("text/event-stream", exchange.node.streams) { writer in
        for await frame in frames {
          try await writer.write(
            ByteBuffer(string: "event: frame\ndata: \(frame.json.text)\n\n"))
        }
      }
    },
  ]
}

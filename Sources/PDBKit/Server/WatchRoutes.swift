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
      .nothing("A node in front of etcd agrees with no others: etcd does")
    ) { exchange in
      // Pages ask every node: this is no failure.
      guard let frames = exchange.store.consensusFrames() else {
        return Response(status: .noContent)
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

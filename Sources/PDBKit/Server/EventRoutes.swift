// The stream of changes over HTTP: server-sent events (HTML Living Standard, section 9.2).
//
//   event: change   id: REV   data: the revision, as in /log
//   event: reset    id: REV   data: {"revision","compacted"}: what was asked for is forgotten;
//                             read everything anew, it is at REV or later
//   id: REV                   alone: nothing of interest happened up to there
//   : REV                     a comment, every two seconds: the node lives and is at REV
//
// A stream that is resumed at its last id, on any node, misses nothing and repeats nothing.

import HTTPTypes
import Hummingbird
import NIOCore
import PDBModel
import PDBStore
import Synchronization

extension Endpoint {
  static let events: [Endpoint] = [
    Endpoint(
      .get, "/events",
      "Changes as server-sent events; ?since=REV, ?prefix=, ?key=, ?task=, ?author=",
      query: ["since", "prefix", "key", "task", "author", "consistency"]
    ) { exchange in
      let since = try exchange.revision("since") ?? exchange.lastEventID()
      let changes = try await exchange.store.changes(
        since: since, exchange.historyFilter, at: exchange.moment())
      return try exchange.stream("text/event-stream") { writer in
        var text = EventText(last: changes.start)
        for try await events in changes { try await writer.write(text.take(events)) }
      }
    }
  ]
}

extension Exchange {
  /// Where a browser's stream ended that it takes up again.
  fileprivate func lastEventID() throws -> UInt64? {
    guard let text = request.headers[.lastEventID] else { return nil }
    guard let id = UInt64(text) else {
      throw PDBError(.badRequest, "'Last-Event-ID' must be a revision")
    }
    return id
  }
}

/// Writes events down as a stream tells them.
private struct EventText {
  /// Where the client knows that it is.
  var last: UInt64

  mutating func take(_ events: [ChangeEvent]) -> ByteBuffer {
    var text = ""
    for event in events {
      text += self.text(of: event)
      last = event.revision
    }
    return ByteBuffer(string: text)
  }

  private func text(of event: ChangeEvent) -> String {
    switch event {
    case .change(let revision):
      return "event: change\nid: \(revision.number)\ndata: \(revision.json.text)\n\n"
    case .position(let revision):
      return revision > last ? "id: \(revision)\n\n" : ": \(revision)\n\n"
    case .reset(let revision, let compacted):
      let json: JSON = ["revision": JSON(revision), "compacted": JSON(compacted)]
      return "event: reset\nid: \(revision)\ndata: \(json.text)\n\n"
    }
  }
}

extension HTTPField.Name {
  fileprivate static let lastEventID = Self("Last-Event-ID")!
}

/// How many streams may be open at once.
final class OpenStreams: Sendable {
  private let count = Atomic(0)

  /// A place that is given back once.
  final class Seat: Sendable {
    private let streams: OpenStreams
    private let isTaken = Atomic(true)

    fileprivate init(_ streams: OpenStreams) { self.streams = streams }

    func leave() {
      if isTaken.exchange(false, ordering: .relaxed) {
        streams.count.subtract(1, ordering: .relaxed)
      }
    }

    deinit { leave() }
  }

  /// How many are open.
  var present: Int { count.load(ordering: .relaxed) }

  func take() throws -> Seat {
    guard count.add(1, ordering: .relaxed).newValue <= Limits.eventStreams else {
      count.subtract(1, ordering: .relaxed)
      throw PDBError(
        .busy, "\(Limits.eventStreams) streams are open on this node, the most it takes",
        hint: "ask another node")
    }
    return Seat(self)
  }
}

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
      "Changes as server-sent events; ?since=REV, ?prefix=, ?key=, ?task=, ?author=, ?contains=",
      id: "watchChanges", .read,
      query: [
        Query.since, Query.prefix, Query.changesOfKey, Query.changesOfTask, Query.author,
        Query.contains,
      ],
      headers: [Header.lastEventID],
      answers: .text(
        "text/event-stream",
        summary: "Events 'change', whose data is a Revision, and 'reset'; it has no end"),
      failures: [.taskNotFound, .ambiguousTask]
    ) { exchange in
      let since = try exchange.read(Query.since) ?? exchange.lastEventID()
      let changes = try await exchange.store.changes(
        since: since, exchange.historyFilter(), at: exchange.moment())
      return try exchange.stream("text/event-stream", exchange.node.streams) { writer in
        var text = EventText(last: changes.start)
        var iterator = changes.makeAsyncIterator()
        while true {
          await iterator.wait()
          try await exchange.share.take(StreamedPiece.bytes(of: Limits.eventBytes))
          guard let piece = try await text.next(of: &iterator) else { return }
          try await writer.write(piece)
          exchange.share.give()
        }
      }
    }
  ]
}

extension Exchange {
  /// Where a browser's stream ended that it takes up again.
  fileprivate func lastEventID() throws -> UInt64? {
    try request.headers[.lastEventID].map(Header.lastEventID.read)
  }
}

/// Writes events down as a stream tells them.
private struct EventText {
  /// Where the client knows that it is.
  var last: UInt64

  /// The text alone: the events are not kept until it is taken.
  mutating func next(of events: inout ChangeStream.Iterator) async throws -> ByteBuffer? {
    guard let events = try await events.next() else { return nil }
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

/// How many answers that come bit by bit may be open at once.
final class OpenStreams: Sendable {
  private let count = Atomic(0)
  private let limit: Int
  private let excess: String

  /// - Parameter excess: what is said of them when there are too many.
  init(_ limit: Int, _ excess: String) { (self.limit, self.excess) = (limit, excess) }

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

  /// Where all places are taken, the client that has been deaf for the longest time loses its own,
  /// for the next attempt.
  func take(_ share: AnswerRoom.Share) throws -> Seat {
    guard count.add(1, ordering: .relaxed).newValue <= limit else {
      count.subtract(1, ordering: .relaxed)
      share.dropDeafStream(of: self)
      throw PDBError(
        .busy, "\(limit) \(excess)", hint: "try again in a moment, or ask another node")
    }
    return Seat(self)
  }
}

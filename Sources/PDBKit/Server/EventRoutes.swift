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
import Synchronization

extension Endpoint {
  static let events: [Endpoint] = [
    Endpoint(
      .get, "/events",
      "Changes as server-sent events; ?since=REV, ?prefix=, ?key=, ?task=, ?author=",
      query: ["since", "prefix", "key", "task", "author", "consistency"]
    ) { exchange in
      let since = try await exchange.since()
      let seat = try exchange.node.streams.take()
      let stream = EventStream(
        engine: exchange.engine, filter: HistoryFilter(exchange), since: since)
      return Response(
        status: .ok, headers: [.contentType: "text/event-stream"],
        body: ResponseBody { writer in
          defer { seat.leave() }
          try await stream.run(&writer)
          try await writer.finish(nil)
        })
    }
  ]
}

extension Exchange {
  /// The revision after which the stream begins.
  ///
  /// - Throws: `revision_not_found` for one that is still to come: such a stream would be silent
  ///   for ever, or tell of other changes than were asked for.
  fileprivate func since() async throws -> UInt64 {
    let asked = try revision("since") ?? lastEventID()
    // This node may lag behind the one that told the last revision.
    if let asked, asked <= engine.status.mark.revision { return asked }
    let newest = try await engine.read(consistency(), .keys) { $1.revision }
    guard let asked else { return newest }
    guard asked <= newest else {
      throw PDBError(
        .revisionNotFound, "there is no revision \(asked) yet", hint: "the newest is \(newest)",
        details: [.init("revision", JSON(newest))])
    }
    return asked
  }

  /// Where a browser's stream ended that it takes up again.
  fileprivate func lastEventID() throws -> UInt64? {
    guard let text = request.headers[.lastEventID] else { return nil }
    guard let id = UInt64(text) else {
      throw PDBError(.badRequest, "'Last-Event-ID' must be a revision")
    }
    return id
  }
}

extension HTTPField.Name {
  fileprivate static let lastEventID = Self("Last-Event-ID")!
}

/// One client that listens.
private struct EventStream: Sendable {
  let engine: any Engine
  let filter: HistoryFilter
  /// The last revision that was told.
  var since: UInt64

  private static let pulse = Duration.seconds(2)

  /// Tells everything there is, then whatever comes, until the client or the node leaves.
  func run(_ writer: inout any ResponseBodyWriter) async throws {
    let (signals, signal) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let movements = engine.movements()
    var stream = self
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for await _ in movements { signal.yield() }
        signal.finish()
      }
      group.addTask {
        while true {
          try await LoopExecutor.shared.sleep(for: Self.pulse)
          signal.yield()
        }
      }
      defer { group.cancelAll() }
      try await stream.tell(&writer)
      for await _ in signals { try await stream.tell(&writer) }
    }
  }

  private mutating func tell(_ writer: inout any ResponseBodyWriter) async throws {
    var isBehind = true
    while isBehind {
      let batch = try await next()
      var text = batch.text
      if text.isEmpty { text = ": \(since)\n\n" }
      isBehind = batch.last > since
      since = max(since, batch.last)
      try await writer.write(ByteBuffer(string: text))
    }
  }

  private struct Batch: Sendable {
    var text = ""
    var last: UInt64
  }

  /// What comes after `since`: up to a bound, so that a client that is far behind does not keep
  /// others waiting.
  private func next() async throws -> Batch {
    let (filter, since) = (filter, since)
    return try await engine.read(.stale, .ranges) { view, mark in
      var batch = Batch(last: since)
      guard since < mark.revision else { return batch }
      guard since >= mark.compactedRevision else { return Self.reset(mark) }
      var isTold = true
      try view.scanHistory(from: since + 1, through: mark.revision, reversed: false) { revision in
        batch.last = revision.number
        isTold = try filter.matches(revision)
        if isTold {
          let json = try revision.json(filter)
          batch.text += "event: change\nid: \(revision.number)\ndata: \(json.text)\n\n"
        }
        return batch.text.utf8.count < Limits.logPageBytes
      }
      if !isTold { batch.text += "id: \(batch.last)\n\n" }
      return batch
    }
  }

  private static func reset(_ mark: StateMark) -> Batch {
    let json: JSON = [
      "revision": JSON(mark.revision), "compacted": JSON(mark.compactedRevision),
    ]
    return Batch(
      text: "event: reset\nid: \(mark.revision)\ndata: \(json.text)\n\n", last: mark.revision)
  }
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

// Data in bulk over HTTP: all of it out, much of it in.

import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension Endpoint {
  static let transfers: [Endpoint] = [
    Endpoint(
      .get, "/export", "All pairs of one revision, a JSON object a line; ?prefix=",
      query: ["prefix", "consistency"]
    ) {
      try await $0.export()
    },
    Endpoint(
      .get, "/backup", "The whole state of one revision, for 'pdb restore'", query: ["consistency"]
    ) {
      try await $0.backup()
    },
    Endpoint(
      .get, "/import/:id", "How many parts of an import have come", query: ["consistency"]
    ) { exchange in
      let prefix = ImportKeys.parts(of: try exchange.importID(exchange.parameter))
      return try await exchange.read { view, _ in
        var parts = 0
        try view.scan(prefix: prefix) { _, _ in
          parts += 1
          return true
        }
        return Response(json: ["parts": JSON(parts)])
      }
    },
    Endpoint(
      .post, "/import/:id",
      "Puts a part of an import aside: {\"part\",\"pairs\":[{\"key\",\"value\"}]}"
    ) { exchange in
      let part = try exchange.importPart()
      return try await exchange.propose(.stageImport(part), verb: "import") { answer in
        Response(json: ["status": "staged", "count": JSON(try answer.changed())])
      }
    },
    Endpoint(
      .post, "/import/:id/commit",
      "Makes an import visible at once: {\"parts\",\"existing\":\"refuse|replace|keep\"}"
    ) { exchange in
      let id = try exchange.importID(exchange.parameter)
      let object = try exchange.object()
      let name = object["existing"]?.string ?? "refuse"
      guard let parts = object["parts"]?.uint64, parts <= Limits.importParts,
        let existing = ExistingKeys(rawValue: name)
      else {
        throw PDBError(
          .badRequest, "'parts' must be a count, 'existing' one of refuse, replace and keep")
      }
      return try await exchange.propose(
        .commitImport(id: id, parts: parts, existing), verb: "import"
      ) { answer in
        Response(json: ["status": "imported", "count": JSON(try answer.changed())])
      }
    },
    Endpoint(.delete, "/import/:id", "Forgets the parts of an import") { exchange in
      let id = try exchange.importID(exchange.parameter)
      return try await exchange.propose(.discardImport(id: id), verb: "import") { answer in
        Response(json: ["status": "discarded", "count": JSON(try answer.changed())])
      }
    },
  ]
}

// MARK: In

extension Exchange {
  fileprivate func importID(_ text: String?) throws -> String {
    guard let text, (1...64).contains(text.utf8.count),
      text.utf8.allSatisfy({ Self.idCharacters.contains($0) })
    else {
      throw PDBError(.badRequest, "the id of an import is 1 to 64 letters and digits")
    }
    return text
  }

  private static let idCharacters = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-".utf8)

  fileprivate func importPart() throws -> ImportPart {
    let id = try importID(parameter)
    let object = try object()
    guard let number = object["part"]?.uint64, number < Limits.importParts,
      let pairs = object["pairs"]?.array, !pairs.isEmpty
    else {
      throw PDBError(.badRequest, "'part' must be a number, 'pairs' a list with at least one pair")
    }
    return ImportPart(
      id: id, number: number,
      pairs: try pairs.map {
        let pair = try $0.newPair()
        return .init(key: pair.key, value: pair.value)
      })
  }
}

// MARK: Out

extension Exchange {
  /// Streams what `next` makes of each piece of one consistent view.
  private func stream(
    _ type: String, _ begin: @escaping @Sendable (StateSnapshot) -> any PieceEncoder
  ) async throws -> Response {
    let consistency = try consistency()
    let snapshot = try await engine.snapshot(consistency)
    let seat = try node.streams.take()
    var response = Response(
      status: .ok, headers: [.contentType: type],
      body: ResponseBody { writer in
        defer { seat.leave() }
        var encoder = begin(snapshot)
        try await writer.write(ByteBuffer(bytes: encoder.begin()))
        var position = StateSnapshot.Position.beginning
        while !encoder.isOver(position) {
          let piece = try await snapshot.piece(at: position)
          try await writer.write(ByteBuffer(bytes: try encoder.piece(piece.bytes)))
          position = piece.next
        }
        try await writer.write(ByteBuffer(bytes: encoder.end()))
        try await writer.finish(nil)
      })
    response.headers[.revision] = String(snapshot.mark.revision)
    response.headers[.consistency] = consistency.rawValue
    return response
  }

  fileprivate func export() async throws -> Response {
    let prefix = Bytes(utf8: query("prefix") ?? "")
    let cluster = engine.status.identity.cluster
    return try await stream("application/x-ndjson") { snapshot in
      ExportEncoder(prefix: prefix, cluster: cluster, mark: snapshot.mark)
    }
  }

  fileprivate func backup() async throws -> Response {
    let cluster = engine.status.identity.cluster
    return try await stream("application/octet-stream") { snapshot in
      BackupEncoder(
        head: Backup.Head(cluster: cluster, time: .now, mark: snapshot.mark))
    }
  }
}

/// Makes bytes of the pieces of a state.
private protocol PieceEncoder {
  func isOver(_ position: StateSnapshot.Position) -> Bool
  mutating func begin() -> Bytes
  mutating func piece(_ piece: Bytes) throws -> Bytes
  mutating func end() -> Bytes
}

/// A line that says what follows, a line a pair, a line that says how many there were: the reader
/// knows whether all of it came.
private struct ExportEncoder: PieceEncoder {
  let prefix: Bytes
  let cluster: String
  let mark: StateMark
  private var count = 0

  init(prefix: Bytes, cluster: String, mark: StateMark) {
    self.prefix = prefix
    self.cluster = cluster
    self.mark = mark
  }

  func isOver(_ position: StateSnapshot.Position) -> Bool {
    if case .pairs = position { false } else { true }
  }

  func begin() -> Bytes {
    line([
      "pdb_export": 1, "cluster": .string(cluster), "revision": JSON(mark.revision),
      "time": .string(Timestamp.now.description),
    ])
  }

  mutating func piece(_ piece: Bytes) throws -> Bytes {
    var lines: Bytes = []
    for pair in try StateSnapshot.pairs(in: piece)
    where !pair.key.starts(with: SystemKeys.prefix) && pair.key.starts(with: prefix) {
      lines += line(.object(pair.members))
      count += 1
    }
    return lines
  }

  func end() -> Bytes { line(["pdb_export_end": JSON(count)]) }

  private func line(_ json: JSON) -> Bytes { json.serialized() + [UInt8(ascii: "\n")] }
}

private struct BackupEncoder: PieceEncoder {
  let head: Backup.Head
  private var encoder = Backup.Encoder()

  init(head: Backup.Head) { self.head = head }

  func isOver(_ position: StateSnapshot.Position) -> Bool {
    if case .end = position { true } else { false }
  }

  mutating func begin() -> Bytes { encoder.head(head) }
  mutating func piece(_ piece: Bytes) -> Bytes { encoder.piece(piece) }
  mutating func end() -> Bytes { encoder.end() }
}

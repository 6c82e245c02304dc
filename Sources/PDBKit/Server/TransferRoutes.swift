// Data in bulk over HTTP: all of it out, much of it in.

import HTTPTypes
import Hummingbird
import NIOCore
import PDBCoordinator
import PDBModel
import PDBStore

extension Endpoint {
  static let transfers: [Endpoint] = [
    Endpoint(
      .get, "/export", "All pairs of one revision, a JSON object a line; ?prefix=",
      query: ["prefix", "consistency"], answerBytes: StreamedPiece.listBytes
    ) {
      try await $0.export()
    },
    Endpoint(
      .get, "/backup", "The whole state of one revision, for 'pdb restore'", query: ["consistency"],
      answerBytes: StreamedPiece.listBytes
    ) {
      try await $0.backup()
    },
    Endpoint(
      .get, "/import/:id", "How many parts of an import have come", query: ["consistency"]
    ) { exchange in
      let parts = try await exchange.store.stagedParts(
        of: exchange.parameter ?? "", at: exchange.moment())
      return try exchange.answer(
        Response(json: ["parts": JSON(parts)]), readAt: exchange.store.headline.revision)
    },
    Endpoint(
      .post, "/import/:id",
      "Puts a part of an import aside: {\"part\",\"pairs\":[{\"key\",\"value\"}]}"
    ) { exchange in
      let part = try exchange.importPart()
      return try await exchange.apply(.stageImport(part), verb: "import") { answer in
        Response(json: ["status": "staged", "count": JSON(answer.count)])
      }
    },
    Endpoint(
      .post, "/import/:id/commit",
      "Makes an import visible at once: {\"parts\",\"existing\":\"refuse|replace|keep\"}"
    ) { exchange in
      let object = try exchange.object()
      let name = object["existing"]?.string ?? "refuse"
      guard let parts = object["parts"]?.uint64, parts <= Limits.importParts,
        let existing = ExistingKeys(rawValue: name)
      else {
        throw PDBError(
          .badRequest, "'parts' must be a count, 'existing' one of refuse, replace and keep")
      }
      return try await exchange.apply(
        .commitImport(id: exchange.parameter ?? "", parts: parts, existing), verb: "import"
      ) { answer in
        Response(json: ["status": "imported", "count": JSON(answer.count)])
      }
    },
    Endpoint(.delete, "/import/:id", "Forgets the parts of an import") { exchange in
      try await exchange.apply(
        .discardImport(id: exchange.parameter ?? ""), verb: "import"
      ) { answer in
        Response(json: ["status": "discarded", "count": JSON(answer.count)])
      }
    },
  ]
}

// MARK: In

extension Exchange {
  fileprivate func importPart() throws -> ImportPart {
    let object = try object()
    guard let number = object["part"]?.uint64, number < Limits.importParts,
      let pairs = object["pairs"]?.array, !pairs.isEmpty
    else {
      throw PDBError(.badRequest, "'part' must be a number, 'pairs' a list with at least one pair")
    }
    return ImportPart(
      id: parameter ?? "", number: number, pairs: try pairs.map { try NewPair(json: $0) })
  }
}

// MARK: Out

extension Exchange {
  fileprivate func export() async throws -> Response {
    let list = try await store.export(
      prefix: Bytes(utf8: query("prefix") ?? ""), at: moment())
    let cluster = try await store.identity().cluster
    return try answer(list, "application/x-ndjson") { writer, pieces in
      var lines = ExportLines()
      try await writer.write(
        ByteBuffer(bytes: lines.begin(cluster: cluster, revision: list.revision, at: .now)))
      while let pairs = try await pieces.next() {
        try await writer.write(ByteBuffer(bytes: lines.add(pairs)))
      }
      try await writer.write(ByteBuffer(bytes: lines.end()))
    }
  }

  fileprivate func backup() async throws -> Response {
    let bytes = try await store.backup(at: moment())
    return try answer(bytes, "application/octet-stream") { writer, pieces in
      while let chunk = try await pieces.next() {
        try await writer.write(ByteBuffer(bytes: chunk))
      }
    }
  }

  private func answer<Item>(
    _ list: Listing<Item>, _ type: String,
    _ body:
      @escaping @Sendable (
        inout any ResponseBodyWriter, inout StreamedPieces<Item>
      ) async throws -> Void
  ) throws -> Response {
    var response = try stream(type, list, body)
    response.headers[.revision] = String(list.revision)
    response.headers[.consistency] = try moment().rawValue
    return response
  }
}

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
      id: "exportPairs", .read, query: [Query.prefix], answerBytes: StreamedPiece.listBytes,
      answers: .text(
        "application/x-ndjson", summary: "Lines of JSON: what it is, a Pair each, how many")
    ) {
      try await $0.export()
    },
    Endpoint(
      .get, "/backup", "The whole state of one revision, for 'pdb restore'", id: "backup", .read,
      answerBytes: StreamedPiece.listBytes, answers: .octets("The backup")
    ) {
      try await $0.backup()
    },
    Endpoint(
      .get, "/import/:id", "How many parts of an import have come", id: "getImport", .read,
      at: Path.importID, answers: .json(.stagedParts, "How many")
    ) { exchange in
      let parts = try await exchange.store.stagedParts(
        of: exchange.readPath(Path.importID), at: exchange.moment())
      return try exchange.answer(
        Response(json: ["parts": JSON(parts)]), readAt: exchange.store.headline.revision)
    },
    Endpoint(
      .post, "/import/:id",
      "Puts a part of an import aside: {\"part\",\"pairs\":[{\"key\",\"value\"}]}",
      id: "addImportPart", .change, at: Path.importID, body: ImportPartBody.self,
      answers: .json(.staged, "How many pairs were put aside"),
      failures: [.invalidKey, .invalidValue, .titleRequired, .invalidTitle]
    ) { exchange, body in
      let part = ImportPart(
        id: try exchange.readPath(Path.importID), number: body.number, pairs: body.pairs)
      return try await exchange.apply(.stageImport(part), verb: "import") { answer in
        Response(json: ["status": "staged", "count": JSON(answer.count)])
      }
    },
    Endpoint(
      .post, "/import/:id/commit",
      "Makes an import visible at once: {\"parts\",\"existing\":\"refuse|replace|keep\"}",
      id: "commitImport", .change, at: Path.importID, body: ImportCommitBody.self,
      answers: .json(.imported, "How many pairs changed"), failures: [.conflict]
    ) { exchange, body in
      let change = Change.commitImport(
        id: try exchange.readPath(Path.importID), parts: body.parts, body.existing)
      return try await exchange.apply(change, verb: "import") { answer in
        Response(json: ["status": "imported", "count": JSON(answer.count)])
      }
    },
    Endpoint(
      .delete, "/import/:id", "Forgets the parts of an import", id: "discardImport", .change,
      at: Path.importID, answers: .json(.discarded, "How many parts there were")
    ) { exchange in
      try await exchange.apply(
        .discardImport(id: exchange.readPath(Path.importID)), verb: "import"
      ) { answer in
        Response(json: ["status": "discarded", "count": JSON(answer.count)])
      }
    },
  ]
}

// MARK: Out

extension Exchange {
  fileprivate func export() async throws -> Response {
    let list = try await store.export(
      prefix: read(Query.prefix) ?? [], at: moment())
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
    response.headers[.consistency] = try moment().consistency.rawValue
    return response
  }
}

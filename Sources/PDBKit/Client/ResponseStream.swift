// Answers that come bit by bit.

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import PDBModel
import PDBStore

/// One answer of one node, chunk by chunk.
struct ResponseStream {
  private let body: HTTPClientResponse.Body
  private var iterator: HTTPClientResponse.Body.AsyncIterator
  /// What the answer says that it is of.
  let revision: UInt64?

  fileprivate init(_ response: HTTPClientResponse) {
    body = response.body
    iterator = body.makeAsyncIterator()
    revision = response.headers.first(name: "PDB-Revision").flatMap { UInt64($0) }
  }

  /// The next bytes; `nil` at the end.
  ///
  /// - Throws: what ``ClusterClient/result(_:)`` understands.
  mutating func next(isolation actor: isolated (any Actor)?) async throws -> Bytes? {
    try await iterator.next(isolation: actor).map { Bytes(buffer: $0) }
  }
}

extension ClusterClient {
  /// Asks one node once; returns as soon as it begins to answer.
  ///
  /// - Returns: the answer, or why there is none.
  /// - Throws: when the caller does not want it any more.
  func open(
    _ path: String, from address: NodeAddress, isolation actor: isolated (any Actor)?
  ) async throws(PDBError) -> Opened {
    let question = ClientRequest(.get, path)
    if let objection = await objection(to: question, at: address, within: Self.meetingPatience) {
      return .failed(objection)
    }
    let request = outgoing(question, to: address)
    do {
      let response = try await execute(request, at: address, isStream: true)
      let found = ClusterIdentity(response.headers)
      guard let found, response.status.code == 200 else {
        // What is no node's answer may be of any length, and is not read.
        let body =
          found == nil ? ByteBuffer() : try await response.body.collect(upTo: 1 << 20)
        return .failed(result(response, body, from: address, isChange: false))
      }
      if let expected = confirm(found) {
        return .failed(.error(.wrongCluster(expected: expected, found: found, at: address)))
      }
      return .open(ResponseStream(response))
    } catch {
      if Task.isCancelled { throw .cancelled }
      return .failed(Self.result(error))
    }
  }

  /// What comes of asking for a stream.
  enum Opened {
    case open(ResponseStream)
    case failed(Attempts.Result)
  }
}

/// What reads a stream from one node after another.
protocol RemoteStream<Item>: Actor {
  associatedtype Item: Sendable

  func next() async throws(PDBError) -> [Item]?
}

/// The batches of a stream.
struct RemoteSource<Stream: RemoteStream>: BatchSource {
  let stream: Stream

  func next() async throws(PDBError) -> [Stream.Item]? { try await stream.next() }
}

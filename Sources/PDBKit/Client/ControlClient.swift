// Asking a program of this machine for something over its own controls (`ControlServer`).

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
package import PDBModel

/// Where a program's controls are, and what they want to be shown.
package struct ControlClient: Sendable {
  /// As in `http://127.0.0.1:40123`.
  package let url: String
  package let token: String

  package init(url: String, token: String) { (self.url, self.token) = (url, token) }

  /// Asks for something.
  ///
  /// - Parameter verb: empty to ask only how things are.
  /// - Throws: `unreachable` if nothing answers, else what the program says.
  package func ask(_ verb: String, _ body: JSON) async throws(PDBError) -> JSON {
    var request = HTTPClientRequest(url: "\(url)/\(verb)")
    request.headers = ["Authorization": "Bearer \(token)", "Content-Type": "application/json"]
    if !verb.isEmpty {
      request.method = .POST
      request.body = .bytes(ByteBuffer(bytes: body.serialized()))
    }
    let bytes: ByteBuffer
    do {
      let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
      bytes = try await answer.body.collect(upTo: 1 << 20)
    } catch { throw PDBError(.unreachable, "\(url) does not answer", outcome: .unknown) }
    guard let json = try? JSON(parsing: Bytes(buffer: bytes)) else {
      throw PDBError(.badAnswer, "what \(url) answers is not JSON", outcome: .unknown)
    }
    if let error = PDBError(json: json) { throw error }
    return json
  }
}

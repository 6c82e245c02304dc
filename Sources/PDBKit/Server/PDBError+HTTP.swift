// How failures look over HTTP.

import HTTPTypes
import Hummingbird
import NIOHTTP1
import PDBModel

extension PDBError {
  var status: HTTPResponse.Status {
    let code = code.meaning?.httpStatus ?? 500
    return .init(
      code: code, reasonPhrase: HTTPResponseStatus(statusCode: code).reasonPhrase)
  }

  /// The answer to a request that failed.
  func response(to request: Request) -> Response {
    var response = Response(json: json, status: status)
    switch code {
    case .notLeader:
      // Browsers cannot follow a redirect to another origin: theirs would become `null`.
      if request.headers[.origin] != nil {
        response.status = .forbidden
      } else if let leader = details.first(where: { $0.name == "leader" })?.value.string {
        response.headers[.location] = leader + request.uri.string
      }
    case .noLeader, .noQuorum, .busy, .stopping, .diskFull:
      response.headers[.retryAfter] = "1"
    case .tooManyAttempts:
      response.headers[.retryAfter] = "\(WrongTokens.longestWait.nanoseconds / 1_000_000_000)"
    case .methodNotAllowed:
      response.headers[.allow] = details.first { $0.name == "allow" }?.value.string
    case .unauthorized:
      response.headers[.wwwAuthenticate] = "Bearer"
    default:
      break
    }
    return response
  }
}

extension Response {
  /// An answer whose body is JSON already.
  init(jsonText: Bytes, status: HTTPResponse.Status = .ok) {
    var bytes = jsonText
    bytes.append(UInt8(ascii: "\n"))
    self.init(
      status: status,
      headers: [
        .contentType: "application/json; charset=utf-8",
        .contentLength: String(bytes.count),
      ],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  init(json: JSON, status: HTTPResponse.Status = .ok) {
    self.init(jsonText: json.serialized(), status: status)
  }
}

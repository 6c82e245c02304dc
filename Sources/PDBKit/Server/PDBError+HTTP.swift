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
  ///
  /// - Parameter isInsecure: whether clients on other machines do without TLS.
  func response(to request: Request, isInsecure: Bool = false) -> Response {
    var response = Response(json: json, status: status)
    switch code {
    case .notLeader:
      // Browsers cannot follow a redirect to another origin: theirs would become `null`.
      if request.headers[.origin] != nil {
        response.status = .forbidden
      } else if let leader = details.first(where: { $0.name == "leader" })?.value.string {
        let url = isInsecure ? NodeAddress.plainScheme + NodeAddress.address(in: leader) : leader
        response.headers[.location] = url + request.uri.string
      }
    case .noLeader, .noQuorum, .busy, .stopping, .diskFull:
      response.headers[.retryAfter] = "1"
    case .tooManyAttempts:
      response.headers[.retryAfter] = "\(WrongTokens.longestWait.nanoseconds / 1_000_000_000)"
    case .methodNotAllowed:
      response.headers[.allow] = details.first { $0.name == "allow" }?.value.string
    case .tlsRequired:
      // RFC 9110, section 15.5.22.
      response.headers[.upgrade] = "TLS/1.3, HTTP/1.1"
      response.headers[.connection] = "upgrade"
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

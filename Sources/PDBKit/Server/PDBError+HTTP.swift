// How failures look over HTTP.

import HTTPTypes
import Hummingbird

extension PDBError {
  var status: HTTPResponse.Status {
    switch code {
    case .badRequest, .titleRequired, .invalidTitle, .invalidKey, .invalidValue,
      .malformedJSON, .tooMany:
      .badRequest
    case .unauthorized: .unauthorized
    case .forbiddenHost, .forbiddenOrigin: .forbidden
    case .notFound, .taskNotFound, .keyNotFound, .memberNotFound, .revisionNotFound:
      .notFound
    case .methodNotAllowed: .methodNotAllowed
    case .ambiguousTask, .conflict, .losesQuorum, .notANumber, .notAList, .requestMismatch,
      .requestExpired:
      .conflict
    case .bodyTooLarge: .contentTooLarge
    case .unsupportedMediaType: .unsupportedMediaType
    case .notLeader: .temporaryRedirect
    case .noLeader, .noQuorum, .busy, .stopping, .unreachable: .serviceUnavailable
    case .unknownOutcome: .gatewayTimeout
    case .diskFull: .init(code: 507, reasonPhrase: "Insufficient Storage")
    case .wrongCluster: .misdirectedRequest
    case .badAnswer, .badConfiguration, .dataDirectory, .dataInUse, .portInUse,
      .interrupted, .noInput, .corrupt, .diskFailed, .internal:
      .internalServerError
    }
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
  init(json: JSON, status: HTTPResponse.Status = .ok) {
    var bytes = json.serialized()
    bytes.append(UInt8(ascii: "\n"))
    self.init(
      status: status,
      headers: [
        .contentType: "application/json; charset=utf-8",
        .contentLength: String(bytes.count),
      ],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

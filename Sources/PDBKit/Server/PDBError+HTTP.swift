// How failures look over HTTP.

import HTTPTypes
import Hummingbird

extension PDBError {
  /// The one table of what a failure's code means over HTTP.
  static let statuses: [Code: HTTPResponse.Status] = {
    var statuses: [Code: HTTPResponse.Status] = [:]
    for (status, codes) in groups {
      for code in codes { statuses[code] = status }
    }
    return statuses
  }()

  private static let groups: [(HTTPResponse.Status, [Code])] = [
    (
      .badRequest,
      [
        .badRequest, .titleRequired, .invalidTitle, .invalidKey, .invalidValue, .malformedJSON,
        .tooMany,
      ]
    ),
    (.unauthorized, [.unauthorized]),
    (.forbidden, [.forbiddenHost, .forbiddenOrigin]),
    (.notFound, [.notFound, .taskNotFound, .keyNotFound, .memberNotFound, .revisionNotFound]),
    (.methodNotAllowed, [.methodNotAllowed]),
    (
      .conflict,
      [
        .ambiguousTask, .conflict, .losesQuorum, .notANumber, .notAList, .requestMismatch,
        .requestExpired,
      ]
    ),
    (.contentTooLarge, [.bodyTooLarge]),
    (.unsupportedMediaType, [.unsupportedMediaType]),
    (.misdirectedRequest, [.wrongCluster]),
    (.temporaryRedirect, [.notLeader]),
    (.serviceUnavailable, [.noLeader, .noQuorum, .busy, .stopping, .unreachable]),
    (.gatewayTimeout, [.unknownOutcome]),
    (.init(code: 507, reasonPhrase: "Insufficient Storage"), [.diskFull]),
    (
      .internalServerError,
      [
        .badAnswer, .badConfiguration, .dataDirectory, .dataInUse, .portInUse, .interrupted,
        .noInput, .outputFailed, .corrupt, .diskFailed, .internal,
      ]
    ),
  ]

  var status: HTTPResponse.Status { Self.statuses[code] ?? .internalServerError }

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

// What a client asks of a cluster, and what it gets.

public import PDBModel
import PDBStore

/// A request to a cluster, before it is known which node will answer.
public struct ClientRequest: Sendable {
  /// The HTTP methods that nodes know (RFC 9110, section 9.3).
  public enum Method: String, Sendable {
    /// Asks a question.
    case get = "GET"
    /// Asks for an action, such as adding tasks.
    case post = "POST"
    /// Sets what the path names.
    case put = "PUT"
    /// Removes what the path names.
    case delete = "DELETE"
  }

  /// The HTTP method. Every request but `get` is treated as a change.
  public var method: Method
  /// Path and query, percent-encoded.
  public var path: String
  /// The body, sent as `application/json`.
  public var body: JSON?
  /// `If-Match`: make the change only at this revision.
  public var ifRevision: UInt64?
  /// `If-None-Match: *`: make the change only if there is nothing yet.
  public var ifAbsent = false
  /// Who makes the change, and its request's id; drawn if there is none.
  var origin = Origin()

  /// A request without conditions.
  public init(_ method: Method, _ path: String, body: JSON? = nil) {
    self.method = method
    self.path = path
    self.body = body
  }

  var isChange: Bool { method != .get }

  /// What a node takes as the request's fingerprint.
  package var fingerprint: UInt64 {
    FNVChecksum.fingerprint(
      method: method.rawValue, target: path,
      conditions: [ifRevision.map { "\"\($0)\"" } ?? "", ifAbsent ? "*" : ""],
      body: body?.serialized() ?? [])
  }

  /// Asks which cluster a node belongs to. Every node answers it without a token.
  static let introduction = ClientRequest(.get, "/livez")

  var isIntroduction: Bool { path == Self.introduction.path }

  /// What the node is to prove with the token: ``TokenProof``.
  var challenge: String?
}

/// A node's answer to a request that succeeded.
public struct ClientAnswer: Sendable {
  /// The body.
  public let json: JSON
  /// The node that answered.
  public let node: NodeAddress
  /// The cluster that the node belongs to.
  public let identity: ClusterIdentity
  /// The revision of the state that the answer is from, if the node told it.
  public let revision: UInt64?
  /// The node's answer to a challenge.
  let proof: String?
  /// Whether the change made something new (RFC 9110, section 15.3.2).
  let isCreated: Bool
}

extension String {
  /// As one segment of a path, or one value of a query (RFC 3986, section 2.3).
  public var percentEncoded: String { Bytes(utf8).percentEncoded }
}

extension [UInt8] {
  private static let unreserved = Set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)

  var percentEncoded: String {
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for byte in self {
      if Self.unreserved.contains(byte) {
        encoded.append(byte)
      } else {
        encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}

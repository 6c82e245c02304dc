// What a client asks of a cluster, and what it gets.

/// A request to a cluster, before it is known which node will answer.
public struct ClientRequest: Sendable {
  public enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
  }

  public var method: Method
  /// Path and query, percent-encoded.
  public var path: String
  public var body: JSON?
  /// `If-Match`: make the change only at this revision.
  public var ifRevision: UInt64?
  /// `If-None-Match: *`: make the change only if there is nothing yet.
  public var ifAbsent = false

  public init(_ method: Method, _ path: String, body: JSON? = nil) {
    self.method = method
    self.path = path
    self.body = body
  }

  var isChange: Bool { method != .get }

  /// Asks which cluster a node belongs to. Every node answers it without a token.
  static let introduction = ClientRequest(.get, "/livez")

  var isIntroduction: Bool { path == Self.introduction.path }
}

/// A node's answer to a request that succeeded.
public struct ClientAnswer: Sendable {
  public let json: JSON
  /// The node that answered.
  public let node: NodeAddress
  public let identity: ClusterIdentity
  public let revision: UInt64?

  public var cluster: String { identity.cluster }
}

/// What `GET /cluster/status` says of the nodes.
extension ClientAnswer {
  /// Where the members are.
  public var members: [NodeAddress] {
    (json["members"]?.array ?? []).compactMap { member in
      member["address"]?.string.flatMap { try? NodeAddress(parsing: $0) }
    }
  }

  /// Where the leader is, if there is one.
  public var leader: NodeAddress? {
    json["leader"]?.string.flatMap { try? NodeAddress(parsing: $0) }
  }
}

extension String {
  /// As one segment of a path, or one value of a query (RFC 3986, section 2.3).
  public var percentEncoded: String { Bytes(utf8).percentEncoded }
}

extension [UInt8] {
  var percentEncoded: String {
    let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for byte in self {
      if plain.contains(byte) {
        encoded.append(byte)
      } else {
        encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}

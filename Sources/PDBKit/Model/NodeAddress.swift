// Where a node listens.

/// A host and a port, written `127.0.0.1:4000`, `[::1]:4000` or `node1.example:4000`.
public struct NodeAddress: Hashable, Sendable, CustomStringConvertible {
  /// A name or an IP address; an IPv6 address without brackets.
  public let host: String
  /// The TCP port, 1 to 65535.
  public let port: Int

  /// An address that is known to be well-formed.
  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Reads `host:port`, also as `http://host:port/` or `https://host:port/`; a bare port means this
  /// machine, and so does `localhost`.
  ///
  /// - Throws: `bad_configuration` if it is none of these.
  public init(parsing text: String) throws(PDBError) {
    var rest = Substring(text)
    for scheme in [Self.plainScheme, Self.secureScheme] where rest.hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count)
    }
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    let host: Substring
    let port: Substring
    if let colon = rest.lastIndex(of: ":") {
      host = rest[..<colon]
      port = rest[rest.index(after: colon)...]
    } else {
      host = "127.0.0.1"
      port = rest
    }
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host
    guard !bare.isEmpty, let number = Int(port), (1...65535).contains(number),
      bare.utf8.allSatisfy({ Self.hostCharacters.contains($0) }),
      host.hasPrefix("[") || !bare.contains(":")
    else {
      throw PDBError(
        .badConfiguration, "'\(text.escapingControlCharacters)' is not an address",
        hint: "write host:port, for example 127.0.0.1:4000")
    }
    let name = bare.lowercased()
    self.init(host: name == "localhost" ? "127.0.0.1" : name, port: number)
  }

  private static let hostCharacters = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:".utf8)

  /// `host:port`, an IPv6 host in brackets (RFC 3986, section 3.2.2).
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// The root of what the node serves: `http://host:port` on this machine, else `https://host:port`.
  public var url: String { Self.url(of: self) }

  package static let plainScheme = "http://"
  package static let secureScheme = "https://"

  /// - Parameter isInsecure: whether the node's clients do without TLS.
  package static func url(of address: NodeAddress, isInsecure: Bool = false) -> String {
    (isInsecure || address.isLoopback ? plainScheme : secureScheme) + address.description
  }

  /// The same for an address that is at hand as text.
  package static func url(of address: String, isInsecure: Bool = false) -> String {
    let isPlain = isInsecure || (try? Self(parsing: address))?.isLoopback != false
    return (isPlain ? plainScheme : secureScheme) + address
  }

  /// The address, `host:port`, in what ``url(of:isInsecure:)`` made.
  package static func address(in url: String) -> String {
    url.replacing(plainScheme, with: "").replacing(secureScheme, with: "")
  }

  /// Whether only this machine can reach the address.
  public var isLoopback: Bool {
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return host == "::1" || (numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil))
  }
}

// Where a database in etcd is.

public import PDBModel

/// `etcd://host:port,host:port/prefix`: the members of an etcd, and the keys below which the data are;
/// `etcds://` in TLS.
public struct EtcdAddress: Hashable, Sendable, CustomStringConvertible {
  /// Where members of etcd answer clients.
  public let endpoints: [NodeAddress]
  /// Below which keys the data are; ends with `/`.
  public let prefix: String
  /// Whether the members are reached in TLS.
  public let isSecure: Bool

  private static let scheme = "etcd://"
  private static let secureScheme = "etcds://"
  private static let standardPort: UInt16 = 2379

  /// Whether a text is meant as such an address.
  public static func isMeant(by text: String) -> Bool {
    [scheme, secureScheme].contains { text.lowercased().hasPrefix($0) }
  }

  /// - Throws: `bad_request` for a text that is no such address.
  public init(parsing text: String) throws(PDBError) {
    func refusal(_ reason: String) -> PDBError {
      PDBError(
        .badRequest, "'\(text.escapingControlCharacters)': \(reason)",
        hint: "for example etcd://10.0.0.1:2379,10.0.0.2:2379/pdb/main")
    }
    guard Self.isMeant(by: text) else {
      throw refusal("an etcd is named as etcd://HOST:PORT/PREFIX")
    }
    isSecure = text.lowercased().hasPrefix(Self.secureScheme)
    let rest = text.dropFirst((isSecure ? Self.secureScheme : Self.scheme).count)
    let hosts = rest.prefix { $0 != "/" }
    var path = rest.dropFirst(hosts.count).drop { $0 == "/" }
    while path.hasSuffix("/") { path = path.dropLast() }
    guard !path.isEmpty else { throw refusal("a prefix for the keys is missing") }
    var endpoints: [NodeAddress] = []
    for host in hosts.split(separator: ",", omittingEmptySubsequences: false) {
      guard !host.isEmpty else { throw refusal("a host is missing") }
      let named = host.contains(":") ? String(host) : "\(host):\(Self.standardPort)"
      endpoints.append(try NodeAddress(parsing: named))
    }
    self.endpoints = endpoints
    prefix = "\(path)/"
  }

  /// As it is written.
  public var description: String {
    "\(isSecure ? Self.secureScheme : Self.scheme)\(endpoints.map(\.description).joined(separator: ","))/\(prefix.dropLast())"
  }
}

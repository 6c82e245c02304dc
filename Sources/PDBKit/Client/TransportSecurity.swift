// How a client makes sure that it talks to the nodes that it means, where others could listen or answer.

import Foundation
public import PDBModel

/// When a client uses TLS, and whom it trusts then.
public struct TransportSecurity: Hashable, Sendable {
  /// When requests go in TLS.
  public enum Use: Hashable, Sendable {
    /// To every node that other machines can reach.
    case beyondThisMachine
    /// Always: `https://` was asked for.
    case always
    /// Never: `http://` was asked for.
    case never
  }

  /// When requests go in TLS.
  public var use = Use.beyondThisMachine
  /// The key of the cluster. A node must show a certificate that was signed with it.
  public var key: KeyHash?
  /// A file with the certificates, in PEM, of the authorities that are trusted where no key is given;
  /// `nil`: those that the system trusts.
  public var authorities: String?

  /// TLS beyond this machine, with what the system trusts.
  public init() {}

  /// What addresses say about it that are written as URLs.
  ///
  /// - Throws: `bad_configuration` if they contradict each other.
  public init(of addresses: [String]) throws {
    let words = addresses.map { $0.trimmingCharacters(in: .whitespaces) }
    let isSecure = words.contains { $0.hasPrefix(NodeAddress.secureScheme) }
    // What never leaves this machine needs no decision.
    let isPlain = try words.contains {
      try $0.hasPrefix(NodeAddress.plainScheme) && !NodeAddress(parsing: $0).isLoopback
    }
    guard !isSecure || !isPlain else {
      throw PDBError(
        .badConfiguration, "some of these addresses ask for TLS, and some refuse it",
        hint: "write https:// or http:// before all of them, or before none")
    }
    use = isSecure ? .always : isPlain ? .never : .beyondThisMachine
  }

  /// An address as ``init(of:)`` reads this decision from it.
  public func text(of address: NodeAddress) -> String {
    switch use {
    case .always: NodeAddress.secureScheme + address.description
    case .never where !address.isLoopback: NodeAddress.plainScheme + address.description
    case .never, .beyondThisMachine: address.description
    }
  }

  /// Whether requests to a node go in TLS.
  func covers(_ address: NodeAddress) -> Bool {
    switch use {
    case .always: true
    case .never: false
    case .beyondThisMachine: !address.isLoopback
    }
  }

  /// The root of what a node serves, as this client reaches it.
  func url(of address: NodeAddress) -> String {
    (covers(address) ? NodeAddress.secureScheme : NodeAddress.plainScheme) + address.description
  }
}

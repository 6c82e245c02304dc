// Which cluster this is: its id, and the birth that tells it from others with that id.
//
// Ids repeat: the first members of a cluster draw its id from their list of addresses, so a
// cluster that is made anew on the same ports has the id of the one before. The birth does not:
// the first leader draws it at random and sets it once, under a key of pdb's own:
//
//   NUL import/ NUL birth    16 hexadecimal digits
//
// The key stands among those that make no revision, so nodes that do not know of births yet
// apply the change like any other.

/// A cluster, told from every other one.
public struct ClusterIdentity: Hashable, Sendable, CustomStringConvertible {
  /// The id that all members were given or drew from the list of the first members.
  public let cluster: String
  /// `nil` as long as it is not known: a cluster has none in its first moments, and those of
  /// version 0.1 have none.
  public let birth: String?

  /// The identity of a cluster with this id and birth.
  public init(cluster: String, birth: String?) {
    self.cluster = cluster
    self.birth = birth
  }

  /// Reads what ``description`` writes.
  public init?(parsing text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    self.init(cluster: parts[0], birth: parts.count == 2 ? parts[1] : nil)
  }

  /// `ID/BIRTH`, or `ID` while the birth is not known.
  public var description: String { birth.map { "\(cluster)/\($0)" } ?? cluster }

  /// Whether both may be the same cluster: nothing that is known of both differs.
  public func agrees(with other: ClusterIdentity) -> Bool {
    cluster == other.cluster && (birth == nil || other.birth == nil || birth == other.birth)
  }
}

extension SystemKeys {
  package static let birth = ImportKeys.prefix + [0] + Bytes(utf8: "birth")
}

extension Operation {
  /// Gives the cluster its birth, if it has none.
  package static func setBirth(_ number: UInt64) -> Operation {
    let digits = String(number, radix: 16)
    let text = String(repeating: "0", count: 16 - digits.count) + digits
    return .set(key: SystemKeys.birth, value: Bytes(utf8: text), .absent)
  }
}

extension PDBError {
  /// - Parameter address: where the other cluster answers; `nil` on the node that says it.
  package static func wrongCluster(
    expected: ClusterIdentity, found: ClusterIdentity, at address: NodeAddress? = nil,
    outcome: Outcome = .notApplied
  ) -> PDBError {
    PDBError(
      .wrongCluster,
      address.map { "expected cluster \(expected), but at '\($0)' cluster \(found) answers" }
        ?? "expected cluster \(expected), but here cluster \(found) answers",
      outcome: outcome,
      details: [
        .init("expected", .string(expected.description)),
        .init("found", .string(found.description)),
      ])
  }
}

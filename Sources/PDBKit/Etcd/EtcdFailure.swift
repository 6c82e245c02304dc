// Why etcd did not do what it was asked, and what a caller is told of it.

import PDBModel

/// Why etcd did not do what it was asked.
enum EtcdFailure: Error {
  /// It has not done it, and will not.
  case refused(code: Int, message: String)
  /// No server took the request: nothing was done.
  case unreachable(String)
  /// It may have done it, or may do it yet.
  case unknown(String)
  /// The revision that was to be read is gone, or this server does not have it yet.
  case outOfReach
}

extension EtcdFailure {
  /// What a caller is told of a question.
  var reading: PDBError {
    switch self {
    case .refused(let code, let message):
      Self.refusal(code, message, outcome: nil)
    case .unknown where isAboutSpace:
      Self.full("etcd's database is full and takes no changes", outcome: .notApplied)
    case .unreachable(let message), .unknown(let message):
      PDBError(.unreachable, "etcd does not answer: \(message)")
    case .outOfReach: PDBError(.timedOut, "etcd compacts faster than it can be read")
    }
  }

  /// What a caller is told of a change.
  func changing(isUnknown: Bool) -> PDBError {
    switch self {
    case .refused(let code, let message):
      Self.refusal(code, message, outcome: isUnknown ? .unknown : .notApplied)
    case .unreachable(let message):
      PDBError(
        .unreachable, "etcd does not answer: \(message)",
        outcome: isUnknown ? .unknown : .notApplied)
    case .unknown where isAboutSpace:
      Self.full(
        "etcd's database is full, and did not say what became of the change", outcome: .unknown)
    case .unknown(let message):
      PDBError(
        .unknownOutcome, "etcd took the change and did not say what became of it: \(message)",
        outcome: .unknown, hint: "look at the data, or send it again with the same request id")
    case .outOfReach:
      PDBError(
        .timedOut, "etcd compacts faster than it can be read",
        outcome: isUnknown ? .unknown : .notApplied)
    }
  }

  /// Whether etcd has no room left.
  var isAboutSpace: Bool {
    if case .unknown(let message) = self { message.contains("space exceeded") } else { false }
  }

  private static func full(_ message: String, outcome: PDBError.Outcome) -> PDBError {
    PDBError(
      .diskFull, message, outcome: outcome,
      hint: "'etcdctl compact', 'defrag' and 'alarm disarm' make room, or a larger "
        + "--quota-backend-bytes")
  }

  private static func refusal(
    _ code: Int, _ message: String, outcome: PDBError.Outcome?
  ) -> PDBError {
    if ["too large", "too many operations", "larger than max"].contains(where: message.contains) {
      return PDBError(
        .bodyTooLarge, "the change is larger than etcd takes at once: \(message)",
        outcome: outcome ?? .notApplied,
        hint:
          "make it several changes, or start etcd with larger --max-request-bytes and --max-txn-ops"
      )
    }
    if message.contains("CommonName") {
      return PDBError(
        .badConfiguration, "etcd's gateway takes no client certificate with a common name",
        hint: "give core.etcd-cert one without, and name the user with core.etcd-user")
    }
    if code == 7 || code == 16 || message.contains("auth") || message.contains("user name") {
      return PDBError(
        .unauthorized, "etcd refuses: \(message)", outcome: outcome ?? .notApplied,
        hint: "core.etcd-user and core.etcd-password-file say who asks ('pdb config set')")
    }
    return PDBError(
      code == 8 ? .busy : .internal, "etcd refuses: \(message)", outcome: outcome ?? .notApplied)
  }
}

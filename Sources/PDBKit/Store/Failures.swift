// Failures that are no ``PDBError`` yet.

package import PDBModel

extension PDBError {
  /// What a caller is told when reading fails for a reason of the code's own.
  package init(reading error: any Error) { self.init(error, outcome: .notApplied) }

  /// What a caller is told when a change fails for a reason of the code's own.
  package init(changing error: any Error) { self.init(error, outcome: .unknown) }

  private init(_ error: any Error, outcome: Outcome) {
    switch error {
    case let error as PDBError: self = error
    case is CancellationError: self = .cancelled
    default:
      self.init(
        .internal, "the node failed to answer", outcome: outcome, hint: "the node's log says more",
        cause: error)
    }
  }

  /// The caller does not want the answer any more.
  package static let cancelled = PDBError(
    .interrupted, "stopped waiting for an answer", outcome: .unknown)
}

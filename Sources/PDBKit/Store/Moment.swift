// Which state a question is about.

public import PDBModel

/// Which state a question is about.
public enum Moment: Equatable, Sendable {
  /// It has every change that was acknowledged before the question was asked.
  case now
  /// It is what the store has at hand, which may lag.
  case stale
  /// It is as it was at a revision. What the name means is decided by all changes that were acknowledged
  /// before the question was asked.
  case past(RevisionName)

  /// The state of the revision with this number.
  public static func revision(_ number: UInt64) -> Moment { .past(.number(number)) }

  /// Whether it asks for a state that was.
  package var isPast: Bool { if case .past = self { true } else { false } }

  /// How fresh a state must be to answer.
  package var consistency: Consistency { self == .stale ? .stale : .linearizable }
}

/// How fresh the state must be that answers a question.
package enum Consistency: String, CaseIterable, Sendable {
  /// It has every change that was acknowledged before.
  case linearizable
  /// It may lag.
  case stale
}

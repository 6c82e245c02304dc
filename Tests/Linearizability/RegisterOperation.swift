// What can be asked of a register, and what it can answer: one key of pdb.

/// What a register holds.
package enum RegisterValue: Hashable, Sendable {
  case text(String)
  case number(Int64)
  case list([String])
}

/// What must hold for a register to be changed.
package enum RegisterCondition: Hashable, Sendable {
  case none
  /// The register is empty.
  case absent
  /// The register was last changed by this revision.
  case revision(UInt64)
}

package enum RegisterAction: Hashable, Sendable {
  case read
  case write(RegisterValue, RegisterCondition)
  case delete(RegisterCondition)
  /// Adds to a number; an empty register counts as 0.
  case increment(Int64)
  /// Adds to the end of a list; an empty register counts as an empty list.
  case append(String)
}

package enum RegisterAnswer: Hashable, Sendable {
  /// What was read, or what the register holds after the change (`nil`: nothing), and the
  /// revision that made it so, where the answer says so.
  case holds(RegisterValue?, revision: UInt64?)
  /// The condition was not met, and nothing was changed.
  case conflict
  /// There was nothing to delete.
  case notFound
  /// The value is not of the kind that the operation needs, and nothing was changed.
  case wrongKind
}

/// An operation on a register and how it was answered; without an answer, it was applied or
/// will be, and no client has seen how.
package struct RegisterOperation: Hashable, Sendable {
  package let action: RegisterAction
  package let answer: RegisterAnswer?

  package init(_ action: RegisterAction, _ answer: RegisterAnswer?) {
    self.action = action
    self.answer = answer
  }
}

// MARK: For people

extension RegisterValue: CustomStringConvertible {
  package var description: String {
    switch self {
    case .text(let text): "'\(text)'"
    case .number(let number): "\(number)"
    case .list(let elements):
      elements.count <= 8
        ? "[\(elements.joined(separator: ","))]"
        : "[...,\(elements.suffix(8).joined(separator: ","))](\(elements.count))"
    }
  }
}

extension RegisterOperation: CustomStringConvertible {
  package var description: String { "\(action) -> \(answer.map { "\($0)" } ?? "?")" }
}

extension RegisterAction: CustomStringConvertible {
  package var description: String {
    switch self {
    case .read: "read"
    case .write(let value, let condition): "write \(value)\(condition)"
    case .delete(let condition): "delete\(condition)"
    case .increment(let amount): "increment \(amount)"
    case .append(let element): "append '\(element)'"
    }
  }
}

extension RegisterCondition: CustomStringConvertible {
  package var description: String {
    switch self {
    case .none: ""
    case .absent: " if absent"
    case .revision(let revision): " if revision \(revision)"
    }
  }
}

extension RegisterAnswer: CustomStringConvertible {
  package var description: String {
    switch self {
    case .holds(let value, let revision):
      (value.map { "\($0)" } ?? "nothing") + (revision.map { " @\($0)" } ?? "")
    case .conflict: "conflict"
    case .notFound: "not found"
    case .wrongKind: "wrong kind"
    }
  }
}

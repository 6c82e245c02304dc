// One revision as a node keeps it in its history.

/// A row of the table `revision`, with the rows of the table `version` that belong to it.
struct StoredRevision: Equatable, Sendable {
  struct Change: Equatable, Sendable {
    struct Before: Equatable, Sendable {
      let revision: UInt64
      let value: [UInt8]
    }

    let key: [UInt8]
    let before: Before?
    let after: [UInt8]?
  }

  let revision: UInt64
  let logIndex: UInt64
  let term: UInt64
  let request: String?
  let operation: String
  let changes: [Change]
}

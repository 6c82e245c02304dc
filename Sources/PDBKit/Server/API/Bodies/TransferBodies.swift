// What clients send to import.

import PDBModel

/// `{"part","pairs":[{"key","value"}]}`
struct ImportPartBody: JSONBody {
  let number: UInt64
  let pairs: [NewPair]

  private static let complaint = PDBError(
    .badRequest, "'part' must be a number, 'pairs' a list with at least one pair")

  static let shape = BodyShape(
    "ImportPart",
    Field("part", .integer(0, Limits.importParts - 1), else: complaint) { json in
      json.whole().flatMap { $0 < Limits.importParts ? $0 : nil }
    },
    .pairs(else: complaint)
  ) { Self(number: $0, pairs: $1) }
}

/// `{"parts","existing":"refuse|replace|keep"}`
struct ImportCommitBody: JSONBody {
  let parts: UInt64
  let existing: ExistingKeys

  private static let complaint = PDBError(
    .badRequest, "'parts' must be a count, 'existing' one of refuse, replace and keep")

  static let shape = BodyShape(
    "ImportCommit",
    Field("parts", .integer(0, Limits.importParts), else: complaint) { json in
      json.whole().flatMap { $0 <= Limits.importParts ? $0 : nil }
    },
    Field<ExistingKeys?>.optional(
      "existing",
      .choice(ExistingKeys.allCases.map(\.rawValue)).about(
        "What becomes of keys that are there already; refuse if it is missing"),
      else: complaint
    ) { $0.string.flatMap(ExistingKeys.init) }
  ) { Self(parts: $0, existing: $1 ?? .refuse) }
}

// What clients send to take changes back and to import.

import PDBModel

/// `{"revision"}`, or `{}` for the client's last change
struct UndoBody: JSONBody {
  let revision: UInt64?

  static let shape = BodyShape(
    "Undo",
    Field<UInt64?>.optional(
      "revision", .unsigned,
      else: PDBError(.badRequest, "'revision' must be the number of a revision")
    ) { $0.whole() },
    others: UnknownMember(hint: "send {\"revision\":N}, or {} for your last change")
  ) { Self(revision: $0) }
}

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

// What clients send to take changes back, to go back to what was, and to name revisions.

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

/// `{}`
struct RedoBody: JSONBody {
  static let shape = BodyShape("Redo", others: UnknownMember(hint: "send {}")) { Self() }
}

/// `{"to","prefix"}`
struct RevertBody: JSONBody {
  let revision: RevisionName
  let prefix: Bytes

  static let shape = BodyShape(
    "Revert",
    Field(
      "to", .revisionReference, else: PDBError(.badRequest, "'to' must name a revision")
    ) { try $0.revisionName() },
    Field<Bytes?>.optional(
      "prefix", .string.about("Only keys that begin with this; without it all"),
      else: PDBError(.badRequest, "'prefix' must be a text")
    ) { $0.string.map { Bytes($0.utf8) } },
    others: UnknownMember(hint: "send {\"to\":REV}, and \"prefix\" for some keys only")
  ) { Self(revision: $0, prefix: $1 ?? []) }
}

/// `{"revision","replace"}`, or `{}` for the newest revision
struct TagBody: JSONBody {
  let revision: RevisionName
  let replace: Bool

  static let shape = BodyShape(
    "NewTag",
    Field<RevisionName?>.optional(
      "revision", .revisionReference.about("The newest if it is missing"),
      else: PDBError(.badRequest, "'revision' must name a revision")
    ) { try $0.revisionName() },
    Field<Bool?>.optional(
      "replace", .boolean.about("Whether a tag that exists is moved"),
      else: PDBError(.badRequest, "'replace' is true or false")
    ) { $0.bool },
    others: UnknownMember(hint: "send {\"revision\":REV,\"replace\":true}, or {} for the newest")
  ) { Self(revision: $0 ?? .newest, replace: $1 ?? false) }
}

extension JSON {
  /// A revision as users name it, or its number; `nil` for something else.
  fileprivate func revisionName() throws -> RevisionName? {
    if let number = uint64 { return .number(number) }
    return try string.map { text throws(PDBError) in try RevisionName(parsing: text) }
  }
}

// `--at`: which state a command reads.

import ArgumentParser
import Foundation
import PDBKit

/// For every command that reads what the history has, too.
struct PastOptions: ParsableArguments {
  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Read the state as it was: a revision, '@~3', a tag, or a time.", valueName: "rev"))
  var at: String?

  /// Says which state commands read that are not told otherwise.
  static let variable = "PDB_AT"

  /// Which state is meant.
  ///
  /// - Throws: `bad_request` for what names none.
  func moment(_ session: Session) throws -> Moment {
    guard let at else {
      let inherited = ProcessInfo.processInfo.environment[Self.variable] ?? ""
      guard !inherited.isEmpty, session.moment == .now else { return session.moment }
      return .past(try RevisionName(words: inherited))
    }
    guard session.moment == .now else {
      throw PDBError(
        .badRequest, "--at and --stale exclude each other",
        hint: "what was does not change; leave --stale out")
    }
    return .past(try RevisionName(words: at))
  }
}

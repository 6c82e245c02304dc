// `pdb revert`

import ArgumentParser
import PDBKit

struct RevertCommand: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "revert", abstract: "Undo one change, or go back to an earlier state.",
    discussion: """
      'pdb revert REV' is 'pdb undo REV'. With --to all keys, or those that begin with a prefix, get the \
      values that they had at a revision, as 'git restore --source' does it: by one new change, which \
      can be undone. A revision is a number, '@~3', a tag, or a time such as '@{10 minutes ago}'.
      """)

  static let examples = [
    Example("pdb revert --to @~2 user:", "Take some keys back to what they were:"),
    Example("pdb revert @", "Undo the last change, whoever made it:"),
  ]

  @Argument(
    help: ArgumentHelp(
      "The revision to undo; with --to the keys that are meant, by their beginning.",
      valueName: "rev|prefix"))
  var subject: String?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Go back to the state of this revision.", valueName: "rev"))
  var to: String?

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard subject != nil || to != nil else {
      throw ValidationError("name the revision to undo, or with --to the one to go back to")
    }
  }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      guard let to else {
        let number = try await session.number(of: RevisionName(words: subject ?? ""))
        return try TakenBack(try await session.apply(.undo(number))).show(session)
      }
      try await goBack(RevisionName(words: to), session)
    }
  }

  private func goBack(_ name: RevisionName, _ session: Session) async throws {
    let prefix = Bytes(try Input.text(subject ?? "").utf8)
    // What is meant now is meant when the answer is given, too.
    let number = try await session.number(of: name)
    if prefix.isEmpty {
      let query = DifferenceQuery(from: .newest, to: .number(number))
      let count = try await session.store().differences(query, at: .now).changes.all().count
      if count > 1 {
        try await session.confirm("take \(count) keys back to revision \(number)")
      }
    }
    let receipt = try await session.apply(.restore(.number(number), prefix: prefix))
    let count = receipt.answer.count
    let json: JSON = [
      "status": "reverted", "count": JSON(count), "revision": JSON(receipt.revision),
    ]
    try session.show(json) {
      guard Console.isTerminal(.output) else { return Console.write(cell: "\(count)") }
      guard count > 0 else { return session.say("nothing differs from revision \(number)") }
      session.say(
        count == 1
          ? "1 key as at revision \(number)" : "\(count) keys as at revision \(number)")
      session.sayHowToUndo(receipt.revision)
    }
  }
}

extension Session {
  /// The number of the revision that a name means now.
  func number(of name: RevisionName) async throws -> UInt64 {
    if name.back == 0, case .number(let number) = name.base { return number }
    return try await store().history(HistoryQuery(limit: 0), at: .past(name)).revision
  }
}

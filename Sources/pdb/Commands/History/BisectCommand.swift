// `pdb bisect run`

import ArgumentParser
import Foundation
import PDBKit

struct BisectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bisect", abstract: "Find the change that broke something.",
    subcommands: [BisectRun.self])
}

struct BisectRun: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Find the first revision at which a command fails.",
    discussion: """
      Runs the command at both ends, which must be good and bad, and then half-way between them, again and \
      again. Within it PDB_AT names the revision: commands that take --at read that state, and those that change \
      something are refused. As with git: 0 is good, 125 says that a revision cannot be judged, 1 to 127 is \
      bad, anything else ends the search.
      """)

  static let examples = [
    Example(
      "pdb bisect run --good 0 -- sh -c '! pdb kv get user:lan'",
      "Find the change that made a key:")
  ]

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "A revision at which all was well; without it the oldest.", valueName: "rev"))
  var good: String?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("A revision at which it was not; without it the newest.", valueName: "rev"))
  var bad: String?

  @OptionGroup var options: GlobalOptions

  @Argument(parsing: .postTerminator, help: "The command and its arguments, after '--'.")
  var command: [String] = []

  func validate() throws {
    guard !command.isEmpty else { throw ValidationError("which command? write it after '--'") }
  }

  func run() async throws {
    try await Session.run(options) { session in
      let store = try await session.store()
      let newest = try await session.number(of: bad.map { try RevisionName(words: $0) } ?? .newest)
      let oldest: UInt64
      if let good {
        oldest = try await session.number(of: RevisionName(words: good))
      } else {
        oldest = try await store.history(HistoryQuery(limit: 0), at: .now).compacted
      }
      guard oldest < newest else {
        throw PDBError(
          .badRequest, "the good revision, \(oldest), must come before the bad one, \(newest)")
      }
      guard try await verdict(at: oldest, session) == .good else {
        throw PDBError(
          .badRequest, "the command does not succeed at revision \(oldest), the good one",
          hint: "--good names another one")
      }
      guard try await verdict(at: newest, session) == .bad else {
        throw PDBError(
          .badRequest, "the command does not fail at revision \(newest), the bad one",
          hint: "--bad names another one")
      }
      var search = Bisection(good: oldest, bad: newest)
      while let next = search.next {
        session.say(Style(for: .output).dim("revision \(next), \(search.left) left"))
        search.judge(next, try await verdict(at: next, session))
      }
      try await show(search, store, session)
    }
  }

  /// What the command says of a revision.
  private func verdict(at revision: UInt64, _ session: Session) async throws -> Bisection.Verdict {
    var environment = ProcessInfo.processInfo.environment
    environment.merge(session.connection.variables) { $1 }
    environment[PastOptions.variable] = String(revision)
    // What it prints is no data of this command.
    let status = await Subprogram.run(
      command, environment: environment, input: nil, output: STDERR_FILENO)
    guard let status else {
      throw PDBError(.badRequest, "cannot run '\(command[0])'", hint: "is it there?")
    }
    switch status {
    case 0: return .good
    case 125: return .unknown
    case 1...127: return .bad
    default:
      throw PDBError(
        .badRequest, "the command ended with \(status) at revision \(revision)",
        hint: "0 is good, 125 cannot say, 1 to 127 is bad")
    }
  }

  private func show(_ search: Bisection, _ store: any Store, _ session: Session) async throws {
    guard search.isCertain else {
      throw PDBError(
        .badRequest,
        "only revisions that cannot be judged are left: one of \(search.good + 1) to \(search.bad) is "
          + "the first bad one")
    }
    let json: JSON = ["first_bad": JSON(search.bad), "tested": JSON(search.tested)]
    if try session.showAsRequested(json) { return }
    guard Console.isTerminal(.output) else { return Console.write(cell: "\(search.bad)") }
    let revision = try await store.revision(search.bad, at: .now).value
    session.say("revision \(search.bad) is the first bad one\n")
    await Pager.show(revision.full(Style(for: .output)), session.settings)
  }
}

/// The search for the first bad revision: after a good one, up to a bad one.
struct Bisection {
  /// What is known of a revision.
  enum Verdict {
    case good, bad, unknown
  }

  private(set) var good: UInt64
  private(set) var bad: UInt64
  private(set) var tested = 0
  private var skipped: Set<UInt64> = []

  init(good: UInt64, bad: UInt64) {
    self.good = good
    self.bad = bad
  }

  /// How many revisions could be the first bad one.
  var left: UInt64 { bad - good }

  /// Whether the first bad revision is known.
  var isCertain: Bool { left == 1 }

  /// The revision to test: in the middle, or as near to it as can be judged; `nil` if there is none.
  var next: UInt64? {
    guard left > 1 else { return nil }
    let middle = good + left / 2
    var distance: UInt64 = 0
    while distance < left {
      for candidate in [middle &+ distance, middle &- distance]
      where candidate > good && candidate < bad && !skipped.contains(candidate) {
        return candidate
      }
      distance += 1
    }
    return nil
  }

  mutating func judge(_ revision: UInt64, _ verdict: Verdict) {
    tested += 1
    switch verdict {
    case .good: good = revision
    case .bad: bad = revision
    case .unknown: skipped.insert(revision)
    }
  }
}

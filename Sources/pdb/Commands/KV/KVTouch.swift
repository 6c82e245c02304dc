// `pdb kv touch`

import ArgumentParser
import PDBKit

struct KVTouch: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "touch", abstract: "Let a key live longer, or for ever.",
    discussion: "The time counts from now. The value stays, and no revision is made.")

  static let examples = [
    Example("pdb kv touch session --ttl 1h", "Let a key live for another hour:"),
    Example("pdb kv touch session --persist", "Let it live for ever:"),
  ]

  @Argument(help: "The key.")
  var key: String

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("For how long: 30s, 5m, 2h, 7d.", valueName: "time"))
  var ttl: TimeLength?

  @Flag(name: .long, help: "For ever.")
  var persist = false

  @Option(name: .long, help: ArgumentHelp("Only at this revision of the key.", valueName: "rev"))
  var ifRevision: UInt64?

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard (ttl == nil) == persist else { throw ValidationError("give either --ttl or --persist") }
  }

  private func change() throws -> Change {
    .touch(
      try Bytes(key: key), after: ttl?.duration, ifRevision.map { .revision($0) } ?? .none)
  }

  func step() throws -> TransactionStep { .change(try change()) }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let receipt = try await session.apply(change())
      guard let pair = receipt.answer.pair else { return }
      try session.show(pair.json) {
        session.say(ttl.map { "'\(key)' lives for \($0.duration.words)" } ?? "'\(key)' stays")
      }
    }
  }
}

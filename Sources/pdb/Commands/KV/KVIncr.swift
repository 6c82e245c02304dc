// `pdb kv incr`

import ArgumentParser
import PDBKit

struct KVIncr: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "incr", abstract: "Add to a number and print the sum.",
    discussion: "A key that does not exist counts as 0.")

  static let examples = [
    Example("pdb kv incr visits --by 2", "Count:")
  ]

  @Argument(help: "The key.")
  var key: String

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("How much to add; may be negative.", valueName: "n"))
  var by: Int64 = 1

  @OptionGroup var options: GlobalOptions

  private func change() throws -> Change { .increment(try Bytes(key: key), by: by) }

  func step() throws -> TransactionStep { .change(try change()) }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let receipt = try await session.apply(change())
      guard let number = receipt.answer.pair else { return }
      try session.show(number.json) { Value.print(number) }
    }
  }
}

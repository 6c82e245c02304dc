// `pdb kv append`

import ArgumentParser
import PDBKit

struct KVAppend: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "append", abstract: "Add values to the end of a list and print the list.",
    discussion: "A key that does not exist counts as an empty list.")

  static let examples = [
    Example("pdb kv append colours red green", "Add to a list:")
  ]

  @Argument(help: "The key.")
  var key: String

  @Argument(help: ArgumentHelp("JSON if it is valid JSON, else strings.", valueName: "value"))
  var values: [String]

  @Flag(name: .long, help: "Store the values as strings whatever they look like.")
  var string = false

  @OptionGroup var options: GlobalOptions

  private func change() throws -> Change {
    .append(try Bytes(key: key), try values.map { try Value.stored($0, asString: string) })
  }

  func step() throws -> TransactionStep { .change(try change()) }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let receipt = try await session.apply(change())
      guard let list = receipt.answer.pair else { return }
      try session.show(list.json) { Value.print(list) }
    }
  }
}

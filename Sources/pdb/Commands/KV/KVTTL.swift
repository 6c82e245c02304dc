// `pdb kv ttl`

import ArgumentParser
import PDBKit

struct KVTTL: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "ttl", abstract: "Print for how long a key will live.",
    discussion: """
      In a pipe milliseconds, or 'never'. A key does not end before that time, and ends soon after. While no \
      node leads, time stands still for keys.
      """)

  static let examples = [
    Example("pdb kv ttl session", "See how long a key will live:")
  ]

  @Argument(help: "The key.")
  var key: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let found = try await session.store().get(try Bytes(key: key), at: session.moment).value
      guard let found else { throw PDBError(.keyNotFound, "no key '\(key)'") }
      let json: JSON = [
        "key": .string(key), "ttl_ms": found.remaining.map { JSON($0.milliseconds) } ?? .null,
        "revision": JSON(found.revision),
      ]
      try session.show(json) {
        let isForPeople = Console.isTerminal(.output)
        guard let remaining = found.remaining else {
          return Console.write(cell: isForPeople ? "never".translated : "never")
        }
        Console.write(cell: isForPeople ? remaining.words : "\(remaining.milliseconds)")
      }
    }
  }
}

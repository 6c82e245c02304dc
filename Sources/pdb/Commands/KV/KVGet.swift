// `pdb kv get`

import ArgumentParser
import PDBKit

struct KVGet: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print the value of a key.")

  static let examples = [
    Example("pdb kv get user:lan", "Print a value:"),
    Example("pdb kv get nothing --default 0", "Print a default where there is no key:"),
  ]

  @Argument(help: "The key.")
  var key: String

  @Flag(name: .long, help: "Print the value's bytes and nothing else.")
  var raw = false

  @Option(name: .long, help: "What to print if the key does not exist.")
  var `default`: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let pair: JSON
      do {
        pair = try await session.send(try .pair(.get, key)).json
      } catch let error as PDBError where error.code == .keyNotFound && `default` != nil {
        pair = [
          "key": .string(key), "value": try Value.json(`default`!, asString: false),
          "revision": nil,
        ]
      }
      try session.show(pair) {
        let bytes = Value.bytes(of: pair)
        if raw { return Console.write(bytes) }
        guard pair["value_b64"] == nil else {
          throw PDBError(
            .invalidValue,
            "the value of '\(key.escapingControlCharacters)' is not text: "
              + "\(bytes.count) bytes that are not valid UTF-8",
            hint: "--raw prints them as they are, --json in base64")
        }
        Console.write(Value.line(of: pair))
      }
    }
  }
}

// `pdb kv get`

import ArgumentParser
import PDBKit

struct KVGet: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print the value of a key.")

  static let examples = [
    Example("pdb kv get user:lan", "Print a value:"),
    Example("pdb kv get user:lan --at @~1", "Print what it was before the last change:"),
    Example("pdb kv get nothing --default 0", "Print a default where there is no key:"),
  ]

  @Argument(help: "The key.")
  var key: String

  @Flag(name: .long, help: "Print the value's bytes and nothing else.")
  var raw = false

  @Option(name: .long, help: "What to print if the key does not exist.")
  var `default`: String?

  @OptionGroup var past: PastOptions

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let name = try Bytes(key: key)
      let found = try await session.store().get(name, at: past.moment(session)).value
      guard let found else { return try showDefault(name, session) }
      try session.show(found.json) {
        let bytes = Value.bytes(of: found)
        if raw { return Console.write(bytes: bytes) }
        guard (try? JSON(parsing: found.value)) != nil else {
          throw PDBError(
            .invalidValue,
            "the value of '\(key)' is not text: "
              + "\(bytes.count) bytes that are not valid UTF-8",
            hint: "--raw prints them as they are, --json in base64")
        }
        Value.print(found)
      }
    }
  }

  private func showDefault(_ name: Bytes, _ session: Session) throws {
    guard let `default` else {
      throw PDBError(.keyNotFound, "no key '\(key)'")
    }
    let value = try Value.stored(`default`, asString: false)
    let pair = Pair(key: name, value: value, revision: 0)
    try session.show(["key": .string(key), "value": pair.jsonValue, "revision": nil]) {
      if raw { Console.write(bytes: Value.bytes(of: pair)) } else { Value.print(pair) }
    }
  }
}

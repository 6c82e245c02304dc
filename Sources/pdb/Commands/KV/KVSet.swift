// `pdb kv set`

import ArgumentParser
import PDBKit

struct KVSet: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Set a key.",
    discussion: """
      The value is JSON if it is valid JSON, else a string. A key that was to end and is set without --ttl lives for \
      ever; 'kv incr' and 'kv append' leave its time alone. What an undo brings back lives for ever, too.
      """,
    aliases: ["put"])

  static let examples = [
    Example(#"pdb kv set user:lan '{"name":"Lan"}'"#, "Set a key to a JSON value:"),
    Example("pdb kv set session 1 --ttl 30m", "Set a key that ends by itself:"),
    Example(#"pdb kv set greeting "Xin chào" --if-absent"#, "Set a key only if it does not exist:"),
  ]

  @Argument(help: "The key.")
  var key: String

  @Argument(help: "The value; '-' reads it from standard input.")
  var value: String

  @Flag(name: .long, help: "Store the value as a string whatever it looks like.")
  var string = false

  @Flag(name: .long, help: "Only if the key does not exist.")
  var ifAbsent = false

  @Option(name: .long, help: ArgumentHelp("Only at this revision of the key.", valueName: "rev"))
  var ifRevision: UInt64?

  @Flag(name: .long, help: "Even if a task is stored there and the value is none.")
  var force = false

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("For how long: 30s, 5m, 2h, 7d. Then the key is gone.", valueName: "time"))
  var ttl: TimeLength?

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard !ifAbsent || ifRevision == nil else {
      throw ValidationError("--if-absent and --if-revision exclude each other")
    }
  }

  private var condition: Condition {
    ifAbsent ? .absent : ifRevision.map { .revision($0) } ?? .none
  }

  private func change(to bytes: Bytes) throws -> Change {
    let pair = NewPair(key: try Bytes(key: key), value: Value.stored(bytes, asString: string))
    let safety: Change.TaskSafety = force ? .force : .spare
    return ttl.map { .setExpiring(pair, after: $0.duration, condition, safety) }
      ?? .set(pair, condition, safety)
  }

  func step() throws -> TransactionStep {
    guard value != "-" else {
      throw PDBError(.badRequest, "'-' cannot read standard input here", hint: "write the value")
    }
    return .change(try change(to: Bytes(try Input.text(value).utf8)))
  }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let bytes = value == "-" ? try await Input.bytes() : Bytes(try Input.text(value).utf8)
      let receipt = try await session.apply(change(to: bytes))
      guard let pair = receipt.answer.pair else { return }
      try session.show(pair.json) { session.say("set \(key)") }
    }
  }
}

// `pdb kv get`

import ArgumentParser
import PDBKit

struct KVGet: AsyncParsableCommand, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print the value of a key, or of several.")

  static let examples = [
    Example("pdb kv get user:lan", "Print a value:"),
    Example("pdb kv get user:lan --at @~1", "Print what it was before the last change:"),
    Example("pdb kv get nothing --default 0", "Print a default where there is no key:"),
  ]

  @Argument(help: ArgumentHelp("The keys; several are read at one revision.", valueName: "key"))
  var keys: [String]

  @Flag(name: .long, help: "Print the value's bytes and nothing else.")
  var raw = false

  @Option(name: .long, help: "What to print if the key does not exist.")
  var `default`: String?

  @Flag(name: .long, help: "In a transaction: only if the key does not exist.")
  var ifAbsent = false

  @Option(
    name: .long,
    help: ArgumentHelp("In a transaction: only at this revision of the key.", valueName: "rev"))
  var ifRevision: UInt64?

  @OptionGroup var past: PastOptions

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard !ifAbsent || ifRevision == nil else {
      throw ValidationError("--if-absent and --if-revision exclude each other")
    }
    guard !raw || keys.count == 1 else { throw ValidationError("--raw prints one value") }
  }

  func step() throws -> TransactionStep {
    guard keys.count == 1, past.at == nil else {
      throw PDBError(
        .badRequest, "a step reads one key, as it is now", hint: "write a line for each")
    }
    let condition: Condition = ifAbsent ? .absent : ifRevision.map { .revision($0) } ?? .none
    return .get(try Bytes(key: keys[0]), condition)
  }

  func run() async throws {
    try await Session.run(options) { session in
      guard !ifAbsent, ifRevision == nil else {
        throw PDBError(
          .badRequest, "--if-absent and --if-revision say something in 'pdb txn' only")
      }
      let names = try keys.map { try Bytes(key: $0) }
      if names.count > 1 { return try await showAll(names, session) }
      let found = try await session.store().get(names[0], at: past.moment(session)).value
      guard let found else { return try showDefault(names[0], session) }
      try session.show(found.json) {
        let bytes = Value.bytes(of: found)
        if raw { return Console.write(bytes: bytes) }
        guard (try? JSON(parsing: found.value)) != nil else {
          throw PDBError(
            .invalidValue,
            "the value of '\(keys[0])' is not text: "
              + "\(bytes.count) bytes that are not valid UTF-8",
            hint: "--raw prints them as they are, --json in base64")
        }
        Value.print(found)
      }
    }
  }

  /// All keys as of the revision that the first one was read at.
  private func showAll(_ names: [Bytes], _ session: Session) async throws {
    let store = try await session.store()
    let first = try await store.get(names[0], at: past.moment(session))
    var found = [first.value]
    for name in names.dropFirst() {
      found.append(try await store.get(name, at: .revision(first.revision)).value)
    }
    let pairs = try zip(names, found).compactMap { name, pair in
      try pair
        ?? `default`.map {
          Pair(key: name, value: try Value.stored($0, asString: false), revision: 0)
        }
    }
    let json: JSON = ["pairs": .array(pairs.map(\.json)), "revision": JSON(first.revision)]
    try session.show(json) { KVLs.table(pairs).print() }
    let missing = zip(keys, found).filter { $1 == nil }.map { "'\($0.0)'" }
    guard missing.isEmpty || `default` != nil else {
      throw PDBError(.keyNotFound, "no key \(missing.joined(separator: ", "))")
    }
  }

  private func showDefault(_ name: Bytes, _ session: Session) throws {
    let key = keys[0]
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

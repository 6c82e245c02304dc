// `pdb kv rm`

import ArgumentParser
import PDBKit

struct KVRm: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove keys, as one change.",
    discussion: "Removing one asks nothing; removing several asks once.",
    aliases: ["del", "delete", "remove"])

  static let examples = [
    Example("pdb kv rm greeting colours --yes", "Remove keys:")
  ]

  @Argument(help: ArgumentHelp("The keys.", valueName: "key"))
  var keys: [String]

  @Option(name: .long, help: ArgumentHelp("Only at this revision of the key.", valueName: "rev"))
  var ifRevision: UInt64?

  @OptionGroup var options: GlobalOptions

  private func change(_ names: [Bytes]) -> Change {
    .delete(names, ifRevision.map { .revision($0) } ?? .none)
  }

  func step() throws -> TransactionStep { .change(change(try keys.map { try Bytes(key: $0) })) }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      if keys.count > 1 { try await session.confirm("remove \(keys.count) keys") }
      let names = try keys.map { try Bytes(key: $0) }
      let receipt = try await session.apply(change(names))
      let count = receipt.answer.count
      let missing = try await missing(names, receipt, session)
      let json: JSON = [
        "status": "deleted", "count": JSON(count),
        "missing": .array(missing.map { .string($0) }),
      ]
      try session.show(json) {
        session.say(Self.sentence(count, missing))
        session.sayHowToUndo(receipt.revision)
      }
    }
  }

  /// The keys that were not there: those that the revision did not change.
  private func missing(
    _ names: [Bytes], _ receipt: Receipt, _ session: Session
  ) async throws -> [String] {
    let names = Set(names)
    guard receipt.answer.count != names.count,
      let revision = try? await session.store().revision(receipt.revision, at: .now).value
    else { return [] }
    return names.subtracting(revision.changes.map(\.key)).map {
      String(decoding: $0, as: UTF8.self)
    }.sorted()
  }

  private static func sentence(_ removed: Int, _ missing: [String]) -> TerminalText {
    guard !missing.isEmpty else { return "removed \(removed)" }
    let names = missing.prefix(5).map { "'\($0)'" }
    let list = names.joined(separator: ", ")
    let rest = missing.count - names.count
    return rest > 0
      ? "removed \(removed); there was no key \(list) and \(rest) more"
      : "removed \(removed); there was no key \(list)"
  }
}

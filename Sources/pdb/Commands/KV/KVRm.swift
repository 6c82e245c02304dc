// `pdb kv rm`

import ArgumentParser
import PDBKit

struct KVRm: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove keys, as one change.",
    discussion: "Removing one asks nothing; removing several asks once.",
    aliases: ["del", "delete", "remove"])

  static let examples = [
    Example("pdb kv rm greeting colours --yes", "Remove keys:")
  ]

  @Argument(help: ArgumentHelp("The keys.", valueName: "key"))
  var keys: [String]

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      if keys.count > 1 { try await session.confirm("remove \(keys.count) keys") }
      let answer = try await session.send(
        ClientRequest(
          .post, "/delete",
          body: ["keys": .array(try keys.map { .string(try Input.text($0)) })]))
      let missing = try await missing(answer, session)
      let json = JSON.object(
        (answer.json.members ?? []) + [.init("missing", .array(missing.map { .string($0) }))])
      try session.show(json) {
        session.say("removed \(answer.json["count"]?.int64 ?? 0)" + Self.words(for: missing))
        session.sayHowToUndo(answer)
      }
    }
  }

  /// The keys that were not there: those that the revision did not change.
  private func missing(_ answer: ClientAnswer, _ session: Session) async throws -> [String] {
    let names = Set(keys)
    guard let revision = answer.revision, answer.json["count"]?.int64 != Int64(names.count),
      let json = try? await session.send(ClientRequest(.get, "/log/\(revision)")).json
    else { return [] }
    let removed = Set((json["changes"]?.array ?? []).compactMap { $0["key"]?.string })
    return names.subtracting(removed).sorted()
  }

  private static func words(for missing: [String]) -> String {
    guard !missing.isEmpty else { return "" }
    let names = missing.prefix(5).map { "'\($0.escapingControlCharacters)'" }
    let more = missing.count > names.count ? " and \(missing.count - names.count) more" : ""
    return "; there was no key \(names.joined(separator: ", "))\(more)"
  }
}

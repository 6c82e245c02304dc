// `pdb kv edit`

import ArgumentParser
import PDBKit

struct KVEdit: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "edit", abstract: "Change a value in your editor.",
    discussion: """
      VISUAL or EDITOR names it. JSON is laid out over several lines. Nothing is changed if the text stays as \
      it was, or if somebody else has changed the key meanwhile.
      """)

  static let examples = [
    Example("EDITOR='sed -i s/Lan/Linh/' pdb kv edit user:lan", "Change a value in an editor:")
  ]

  @Argument(help: "The key.")
  var key: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let name = try Bytes(key: key)
      guard let found = try await session.store().get(name, at: .now).value else {
        throw PDBError(.keyNotFound, "no key '\(key)'", hint: "'pdb kv set' makes one")
      }
      guard let json = try? JSON(parsing: found.value) else {
        throw PDBError(.invalidValue, "the value of '\(key)' is not text")
      }
      let text = (json.string ?? json.indented) + "\n"
      let isText = json.string != nil
      let isChanged = try await Editor.edit(text, ending: isText ? "txt" : "json") { changed in
        let trimmed = changed.hasSuffix("\n") ? String(changed.dropLast()) : changed
        // What was a text stays one; what was JSON must be.
        var value = JSON.string(trimmed).serialized()
        if !isText {
          do { value = try JSON(parsing: Bytes(trimmed.utf8)).serialized() } catch {
            throw PDBError(.invalidValue, "what was written is not JSON")
          }
        }
        let receipt = try await session.apply(
          .set(NewPair(key: name, value: value), .revision(found.revision), .spare))
        guard let pair = receipt.answer.pair else { return }
        try session.show(pair.json) { session.say("set \(key)") }
      }
      if !isChanged { session.say("nothing changed") }
    }
  }
}

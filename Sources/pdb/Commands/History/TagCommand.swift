// `pdb tag`

import ArgumentParser
import PDBKit

struct TagCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "tag", abstract: "Name revisions, or list the names.",
    discussion: """
      A tag can stand wherever a revision can, and what all keys held at its revision is kept, however old \
      it becomes. Setting and removing a tag are changes like others: 'pdb log' shows them, 'pdb undo' \
      undoes them.
      """)

  static let examples = [
    Example("pdb tag before-cleanup", "Name the newest revision:"),
    Example("pdb tag", "List the tags:"),
    Example("pdb diff before-cleanup", "See what has changed since:"),
  ]

  @Argument(help: "The name; without it the tags are listed.")
  var name: String?

  @Argument(help: ArgumentHelp("The revision; without it the newest.", valueName: "rev"))
  var revision: String?

  @Flag(name: [.short, .long], help: "Remove the tag.")
  var delete = false

  @Flag(name: [.short, .long], help: "Move a tag that exists.")
  var force = false

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard name != nil || !delete && !force else { throw ValidationError("which tag?") }
    guard !delete || revision == nil && !force else {
      throw ValidationError("--delete wants a name and nothing else")
    }
  }

  func run() async throws {
    try await Session.run(options) { session in
      guard let name else { return try await list(session) }
      session.willChange()
      let tag = try TagName(try Input.text(name))
      if delete { return try await remove(tag, session) }
      // '@' is the newest before this change.
      let wanted = try revision.map { try RevisionName(words: $0) } ?? .newest
      let receipt = try await session.apply(.tag(tag, wanted, replace: force))
      guard let made = receipt.answer.tag else { return }
      try session.show(Self.json([made], receipt.revision)) {
        guard Console.isTerminal(.output) else { return Self.row(made) }
        session.say("\(tag) is revision \(made.revision)")
      }
    }
  }

  private func list(_ session: Session) async throws {
    let read = try await session.store().tags(at: session.moment)
    try session.show(Self.json(read.value, read.revision)) {
      guard !read.value.isEmpty else { return session.say("no tags") }
      var table = Table(.init(title: "REV", isNumber: true), .init(title: "TAG"))
      for tag in read.value { table.add(String(tag.revision), tag.name.text) }
      table.print()
    }
  }

  private func remove(_ tag: TagName, _ session: Session) async throws {
    let read = try await session.store().tags(at: .now).value.first { $0.name == tag }
    let receipt = try await session.apply(.removeTag(tag))
    try session.show(Self.json(read.map { [$0] } ?? [], receipt.revision)) {
      guard Console.isTerminal(.output) else { return read.map(Self.row) ?? () }
      session.say(
        read.map { "removed the tag \(tag), revision \($0.revision)" } ?? "removed the tag \(tag)")
      session.sayHowToUndo(receipt.revision)
    }
  }

  private static func row(_ tag: Tag) {
    Console.write(row: [String(tag.revision), tag.name.text])
  }

  private static func json(_ tags: [Tag], _ revision: UInt64) -> JSON {
    ["tags": .array(tags.map(\.json)), "revision": JSON(revision)]
  }
}

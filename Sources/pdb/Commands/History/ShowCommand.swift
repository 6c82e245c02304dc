// `pdb show`

import ArgumentParser
import PDBKit

struct ShowCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one change, or what a key held.",
    discussion: """
      REV shows a change with the values before and after; in a pipe a line a key: the key, the value \
      before, the value after. REV:KEY prints what the key held then, as 'pdb kv get KEY --at REV'. \
      Without a revision it is the newest.
      """)

  static let examples = [
    Example("pdb show 1", "Show the first change:"),
    Example("pdb show @~1:user:lan", "Print what a key held before the last change:"),
  ]

  @Argument(
    help: ArgumentHelp(
      "A number that 'pdb log' shows, '@~3', a tag, a time; with ':KEY' a value.",
      valueName: "rev[:key]"))
  var object: String = "@"

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let (revision, key) = Self.split(object)
      let name = try RevisionName(words: revision)
      if let key { return try await showValue(of: key, name, session) }
      let number = try await session.number(of: name)
      let shown = try await session.store().revision(number, at: session.moment).value
      if try session.showAsRequested(shown.json) { return }
      guard Console.isTerminal(.output) else {
        for change in shown.changes { Console.write(row: change.cells) }
        for change in shown.settings {
          Console.write(row: ["setting \(change.setting.name)", change.before, change.after])
        }
        return
      }
      await Pager.show(shown.full(Style(for: .output)), session.settings)
    }
  }

  /// `REV:KEY`; colons within braces belong to a time, and a time itself has some.
  private static func split(_ object: String) -> (revision: String, key: String?) {
    var depth = 0
    for index in object.indices {
      switch object[index] {
      case "{": depth += 1
      case "}": depth -= 1
      case ":" where depth == 0:
        let (head, tail) = (object[..<index], object[object.index(after: index)...])
        if (try? RevisionName(words: String(head))) != nil { return (String(head), String(tail)) }
      default: break
      }
    }
    return (object, nil)
  }

  private func showValue(
    of key: String, _ revision: RevisionName, _ session: Session
  ) async throws {
    let name = try Bytes(key: key)
    let read = try await session.store().get(name, at: .past(revision))
    guard let pair = read.value else {
      throw PDBError(.keyNotFound, "no key '\(key)' at revision \(read.revision)")
    }
    try session.show(pair.json) { Value.print(pair) }
  }
}

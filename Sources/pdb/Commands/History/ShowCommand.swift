// `pdb show`

import ArgumentParser
import PDBKit

struct ShowCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one change with the values before and after.",
    discussion: "In a pipe a line a key: the key, the value before, the value after.")

  static let examples = [
    Example("pdb show 1", "Show the first change:")
  ]

  @Argument(help: ArgumentHelp("The number that 'pdb log' shows.", valueName: "rev"))
  var revision: UInt64

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let answer = try await session.send(ClientRequest(.get, "/log/\(revision)"))
      try session.show(answer.json) {
        let shown = ShownRevision(json: answer.json)
        guard Console.isTerminal(.output) else {
          for change in shown.changes { row(change) }
          return
        }
        Pager.show(shown.full(Style(for: .output)), session.settings)
      }
    }
  }

  private func row(_ change: ShownChange) {
    let cells = [change.key, change.before.isNull ? "" : change.before.text, change.after.text]
    Console.write(cells.map(\.tabEscaped).joined(separator: "\t"))
  }
}

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
      let shown = try await session.store().revision(revision, at: session.moment).value
      if try session.showAsRequested(shown.json) { return }
      guard Console.isTerminal(.output) else {
        for change in shown.changes { row(change) }
        for change in shown.settings {
          Console.write(row: ["setting \(change.setting.name)", change.before, change.after])
        }
        return
      }
      await Pager.show(shown.full(Style(for: .output)), session.settings)
    }
  }

  private func row(_ change: Revision.KeyChange) {
    let before = change.before == nil ? "" : JSON(stored: change.before).text
    Console.write(row: [change.name, before, JSON(stored: change.after).text])
  }
}

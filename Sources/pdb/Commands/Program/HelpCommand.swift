// `pdb help`

import ArgumentParser
import Foundation
import PDBKit

struct HelpCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "help", abstract: "Open the manual page of a command.")

  static let examples = [
    Example("pdb help task", "Open the page of the task commands:")
  ]

  @Argument(help: ArgumentHelp("As in 'task' or 'kv set'.", valueName: "command"))
  var command: [String] = []

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let settings = try? Settings()
    var words = command
    if let first = words.first, CommandTree.root.child(first) == nil,
      let alias = try settings?.alias(first), let expanded = try? Words.split(alias)
    {
      words = expanded + words.dropFirst()
    }
    let (found, rest) = CommandTree.root.find(words)
    guard rest.isEmpty else { return try unknown(rest[0], in: found) }
    if options.json { return Console.write(TerminalText(lines: PDB._dumpHelp())) }
    let page = ManualPage.page(for: words)
    guard Console.isTerminal(.output), Console.inputIsTerminal, await Manual.open(page) else {
      return await Pager.show(TerminalText(lines: page.plainText), settings)
    }
  }

  /// The same words as for a command that does not exist.
  private func unknown(_ word: String, in command: CommandTree) throws {
    _ = try Dispatch(
      (command.name == "pdb" ? [] : [command.name]) + [word], try Settings())
    throw Failure(
      error: PDBError(
        .badRequest, "there is no manual page for '\(word)'",
        hint: "'pdb help' lists the commands"), asJSON: options.json, status: .usage)
  }
}

// Long output, shown page by page. Only `log`, `show` and `help` use it.

import Foundation
import PDBKit

enum Pager {
  /// Writes text to the terminal, through a pager if it is longer than the screen.
  static func show(_ text: TerminalText, _ settings: Settings?) async {
    let lines = text.string.split(separator: "\n", omittingEmptySubsequences: false).count
    guard Console.isTerminal(.output), Console.inputIsTerminal, lines > Console.rows,
      let command = command(settings)
    else { return Console.write(text: text) }
    var environment = ProcessInfo.processInfo.environment
    // As git does: colours, no pager for what fits, and the text stays on the screen.
    if environment["LESS"] == nil { environment["LESS"] = "FRX" }
    // What pdb writes is UTF-8, whatever the locale says.
    if environment["LESSCHARSET"] == nil { environment["LESSCHARSET"] = "utf-8" }
    let status = await Subprogram.run(
      ["/bin/sh", "-c", command], environment: environment, input: text.string)
    // There is no such program.
    if status == nil || status == 127 { Console.write(text: text) }
  }

  /// What is set, else `$PAGER`, else less; `nil` if the user wants none.
  private static func command(_ settings: Settings?) -> String? {
    let environment = ProcessInfo.processInfo.environment
    let wanted = (try? settings?.text(.pager)) ?? environment["PAGER"] ?? "less"
    return wanted.isEmpty || wanted == "cat" ? nil : wanted
  }
}

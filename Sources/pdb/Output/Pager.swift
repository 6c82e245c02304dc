// Long output, shown page by page. Only `log`, `show` and `help` use it.

import Foundation
import PDBKit

enum Pager {
  /// Writes text to the terminal, through a pager if it is longer than the screen.
  static func show(_ text: String, _ settings: Settings?) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count
    guard Console.isTerminal(.output), Console.inputIsTerminal, lines > Console.rows,
      let command = command(settings)
    else { return Console.write(Array(text.utf8)) }
    if !run(command, text) { Console.write(Array(text.utf8)) }
  }

  /// What is set, else `$PAGER`, else less; `nil` if the user wants none.
  private static func command(_ settings: Settings?) -> String? {
    let environment = ProcessInfo.processInfo.environment
    let wanted = (try? settings?.text(.pager)) ?? environment["PAGER"] ?? "less"
    return wanted.isEmpty || wanted == "cat" ? nil : wanted
  }

  private static func run(_ command: String, _ text: String) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    var environment = ProcessInfo.processInfo.environment
    // As git does: colours, no pager for what fits, and the text stays on the screen.
    if environment["LESS"] == nil { environment["LESS"] = "FRX" }
    process.environment = environment
    let pipe = Pipe()
    process.standardInput = pipe
    // The reader may leave before the end; that is no failure.
    let previous = signal(SIGPIPE, SIG_IGN)
    defer { signal(SIGPIPE, previous) }
    guard (try? process.run()) != nil else { return false }
    try? pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    try? pipe.fileHandleForWriting.close()
    process.waitUntilExit()
    return process.terminationStatus != 127
  }
}

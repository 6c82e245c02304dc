// The manual: all its pages, and opening one.

import Foundation
import PDBKit

enum Manual {
  /// Everything that is generated from the command definitions, by the place in the sources.
  static var files: [(name: String, text: String)] {
    ManualPage.all.map { ("man/\($0.name).1", $0.roff) }
      + CompletionScript.names.sorted { $0.key < $1.key }.map {
        ("completions/\($0.value)", CompletionScript.text($0.key))
      }
  }

  /// Shows a page with man(1); false if there is none.
  static func open(_ page: ManualPage) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["man", "-l", "-"]
    let pipe = Pipe()
    process.standardInput = pipe
    process.standardError = FileHandle.nullDevice
    let previous = signal(SIGPIPE, SIG_IGN)
    defer { signal(SIGPIPE, previous) }
    guard (try? process.run()) != nil else { return false }
    try? pipe.fileHandleForWriting.write(contentsOf: Data(page.roff.utf8))
    try? pipe.fileHandleForWriting.close()
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}

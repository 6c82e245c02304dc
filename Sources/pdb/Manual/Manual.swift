// The manual: all its pages, and opening one.

import Foundation
import PDBKit

enum Manual {
  /// Everything that is generated from the commands' definitions and answers, by the place in the sources.
  static var files: [(name: String, text: String)] {
    ManualPage.all.map { ("man/\($0.name).1", $0.roff) }
      + CompletionScript.names.sorted { $0.key < $1.key }.map {
        ("completions/\($0.value)", CompletionScript.text($0.key))
      } + AnswerShape.schemas
  }

  /// Shows a page with man(1); false if there is none.
  static func open(_ page: ManualPage) async -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return await Subprogram.run(["man", "-l", "-"], environment: environment, input: page.roff)
      == 0
  }
}

// The manual: all its pages, and opening one.

import Foundation
import PDBKit

enum Manual {
  /// Everything that is generated from the commands' definitions and answers, by the place in the sources.
  static var files: [(name: String, text: String)] {
    pages(.english) + pages(.vietnamese)
      + CompletionScript.names.sorted { $0.key < $1.key }.map {
        ("completions/\($0.value)", CompletionScript.text($0.key))
      } + AnswerShape.schemas
  }

  private static func pages(_ language: UserLanguage) -> [(name: String, text: String)] {
    UserLanguage.$current.withValue(language) {
      let folder = language.manualFolder.map { "man/\($0)" } ?? "man"
      return ManualPage.all.map { ("\(folder)/\($0.name).1", $0.roff) }
    }
  }

  /// Shows a page with man(1); false if there is none.
  static func open(_ page: ManualPage) async -> Bool {
    var environment = ProcessInfo.processInfo.environment
    // Where the user's locale is not installed, man would print question marks.
    setlocale(LC_CTYPE, "")
    if UserLanguage.current != .english, String(cString: nl_langinfo(Int32(CODESET))) != "UTF-8" {
      environment["LC_ALL"] = "C.UTF-8"
    }
    return await Subprogram.run(["man", "-l", "-"], environment: environment, input: page.roff)
      == 0
  }
}

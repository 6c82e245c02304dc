// Examples: they stand in the manual, and a test executes every one of them.

import ArgumentParser

/// A line that a user could type, and what it is for.
struct Example {
  let line: String
  private let englishPurpose: String

  init(_ line: String, _ purpose: String) {
    self.line = line
    englishPurpose = purpose
  }

  /// In the user's language.
  var purpose: String { englishPurpose.translated }
}

/// A command that shows how it is used.
protocol HasExamples: ParsableCommand {
  static var examples: [Example] { get }
}

extension CommandTree {
  var examples: [Example] { (type as? any HasExamples.Type)?.examples ?? [] }
}

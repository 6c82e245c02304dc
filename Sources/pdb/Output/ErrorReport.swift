// How an error is printed: what happened, whether the change was applied, what to do.

import ArgumentParser
import PDBKit

/// A command that changes a cluster. Its errors say whether the change was applied, also those that
/// come before any request.
protocol ChangesCluster: ParsableCommand {}

/// An error on its way to the user, and the form the user asked for.
struct Failure: Error {
  let error: PDBError
  let asJSON: Bool
  let status: ExitStatus
  /// Whether anything was asked to change: only then is it news that nothing did.
  let isAboutChange: Bool

  init(error: PDBError, asJSON: Bool, status: ExitStatus? = nil, isAboutChange: Bool = false) {
    self.error = error
    self.isAboutChange = isAboutChange
    self.asJSON = asJSON
    self.status = status ?? ExitStatus(error)
  }
}

/// Writes an error to stderr.
struct ErrorReport {
  private let error: PDBError
  private let asJSON: Bool

  private let isAboutChange: Bool

  init(_ error: PDBError, asJSON: Bool, isAboutChange: Bool = false) {
    self.error = error
    self.isAboutChange = isAboutChange
    self.asJSON = asJSON
  }

  func print() {
    if asJSON {
      Console.writeError(json: error.json)
      return
    }
    let style = Style(for: .error)
    let code = style.dim("[\(error.code.rawValue)]")
    var lines: [TerminalText] = [
      "\(style.red("error:")) \(TerminalText(message: error.message))  \(code)"
    ]
    for node in list("nodes") {
      let address = node["address"]?.string ?? ""
      lines.append("  \(address)  \(TerminalText(message: node["state"]?.string ?? ""))")
    }
    lines += candidates.map { TerminalText($0) } + conflicts
    if let outcome { lines.append(outcome) }
    if let place = error.details.first(where: { $0.name == "place" })?.value.string {
      lines.append("place: \(TerminalText(message: place))")
    }
    if let hint = error.hint { lines.append("hint: \(TerminalText(message: hint))") }
    Console.writeError(TerminalText(lines, separator: "\n"))
  }

  private func list(_ name: String) -> [JSON] {
    error.details.first { $0.name == name }?.value.array ?? []
  }

  /// The tasks that a reference may mean.
  private var candidates: [String] {
    list("candidates").compactMap { TaskItem(json: $0) }.map {
      "  \($0.number)  \($0.id)  \($0.title)"
    }
  }

  /// What is there, where something else was expected.
  private var conflicts: [TerminalText] {
    list("conflicts").flatMap { conflict -> [TerminalText] in
      let task = [conflict["expected"], conflict["found"]].lazy.compactMap { $0 }
        .compactMap { TaskItem(json: $0) }.first
      return [
        task.map { "  task \($0.number)" } ?? "  \(conflict["key"]?.string ?? "?")",
        "    expected  \(Self.text(conflict["expected"], besides: conflict["found"]))",
        "    found     \(Self.text(conflict["found"], besides: conflict["expected"]))",
      ]
    }
  }

  /// A value; of an object that stands beside another the members that differ.
  private static func text(_ value: JSON?, besides other: JSON?) -> TerminalText {
    guard let value, !value.isNull else { return "(nothing)" }
    guard let members = value.members, let other, other.members != nil else {
      return TerminalText(value.text)
    }
    let different = members.filter { other[$0.name] != $0.value }
    return TerminalText(
      different.map { "\($0.name): \($0.value.text)" }.joined(separator: ", "))
  }

  private var outcome: TerminalText? {
    guard isAboutChange else { return nil }
    switch error.outcome {
    case .applied where error.details.contains { $0.name == "changed" }:
      return "your change was applied in part"
    case .applied: return "your change was applied"
    case .unknown: return "it is not known whether your change was applied"
    case .notApplied: return "your change was not applied"
    }
  }
}

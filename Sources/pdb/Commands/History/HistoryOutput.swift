// How revisions are told.

import PDBKit

extension Revision {
  /// The first change in a few words, and how many more there are; in English, for programs.
  var summary: String {
    guard let first = changes.first else { return settingsSummary }
    return first.summary + (count > 1 ? "  and \(count - 1) more" : "")
  }

  /// The same for people.
  private var shownSummary: TerminalText {
    guard let first = changes.first, count > 1 else { return TerminalText(summary) }
    return "\(first.summary)  and \(count - 1) more"
  }

  /// The operation names a setting that was changed, but not one that was changed back.
  private var settingsSummary: String {
    guard undoes != nil else { return "" }
    return settings.map { "\($0.setting.name) = \($0.after)" }.joined(separator: ", ")
  }

  /// The operation, and what it was about.
  private var title: TerminalText {
    summary.isEmpty ? TerminalText(operation) : "\(operation)  \(shownSummary)"
  }

  /// Tab-separated: revision, time, author, operation, count of keys, summary.
  var cells: [String] {
    [String(number), time.description, author, operation, String(count), summary]
  }

  /// One line.
  func line(_ style: Style) -> TerminalText {
    "\(style.yellow("\(number)"))  \(title)"
  }

  /// A block of lines as `git log` has them.
  func block(_ style: Style) -> TerminalText {
    """
    \(style.yellow("revision \(number)"))  \(style.dim("term \(term)"))
    Author: \(author)
    Date:   \(LocalTime.text(time.description))

        \(title)


    """
  }

  /// The block, and what it did to the keys that are known of it.
  func patch(_ style: Style) -> TerminalText {
    let rest: TerminalText =
      count > changes.count ? "and \(count - changes.count) more keys\n\n" : ""
    return "\(full(style))\n\(rest)"
  }

  /// Everything: the block, and every key and setting before and after.
  func full(_ style: Style) -> TerminalText {
    let parts = changes.map { $0.difference(style) } + settings.map { $0.difference(style) }
    return "\(block(style))\(TerminalText(parts, separator: "\n"))"
  }
}

extension SettingChange {
  /// The setting's name, and its value before and after.
  fileprivate func difference(_ style: Style) -> TerminalText {
    """
    \(style.bold("setting \(setting.name)"))
    \(style.red("- \(before)"))
    \(style.green("+ \(after)"))

    """
  }
}

extension Revision.KeyChange {
  /// Tab-separated: key, value before, value after; nothing where there was none.
  var cells: [String] {
    [name, before == nil ? "" : valueBefore.text, after == nil ? "" : valueAfter.text]
  }

  /// Tab-separated: key, lines that are new, lines that are gone.
  var statCells: [String] {
    let lines = lines
    return [name, String(lines.added), String(lines.removed)]
  }

  /// The key, or the number of the task.
  var title: TerminalText {
    (taskAfter ?? taskBefore).map { "task \($0.number)" } ?? TerminalText(name)
  }

  /// What differs between the value before and the value after.
  var lines: LineDifference { LineDifference(before, after) }

  /// The key as people read it.
  var name: String {
    String(validating: key, as: UTF8.self) ?? json["key_b64"]?.string.map { "base64:\($0)" } ?? ""
  }

  private var valueBefore: JSON { JSON(stored: before) }
  private var valueAfter: JSON { JSON(stored: after) }

  private var taskBefore: TaskItem? { TaskItem(json: valueBefore) }
  private var taskAfter: TaskItem? { TaskItem(json: valueAfter) }

  var summary: String {
    switch (taskBefore, taskAfter) {
    case (nil, let task?): return "\(task.number)  \(task.title)"
    case (let task?, nil): return "\(task.number)  \(task.title)"
    case (let old?, let new?) where old.title != new.title:
      return "\(new.number)  \(old.title) → \(new.title)"
    case (_?, let new?): return "\(new.number)  \(new.title)"
    case (nil, nil): return after == nil ? name : "\(name) = \(Self.text(valueAfter))"
    }
  }

  /// The key's name, and its value before and after.
  func difference(_ style: Style) -> TerminalText {
    let parts = [style.bold(title)] + lines.text(style)
    return "\(TerminalText(parts, separator: "\n"))\n"
  }

  private static func text(_ value: JSON) -> String { value.string ?? value.text }
}

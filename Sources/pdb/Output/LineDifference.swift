// What differs between two values, line by line, as `git diff` shows it.

import PDBKit

/// Lines that are gone, that are new, and those around them.
struct LineDifference {
  enum Line: Equatable {
    case same(String)
    case removed(String)
    case added(String)

    fileprivate var isChange: Bool {
      if case .same = self { false } else { true }
    }
  }

  private let lines: [Line]

  /// Between two stored values; `nil` where there is none. Objects differ by their members, texts by their
  /// lines.
  init(_ before: Bytes?, _ after: Bytes?) {
    let (old, new) = (before.map { JSON(stored: $0) }, after.map { JSON(stored: $0) })
    if let old = Self.members(old), let new = Self.members(new) {
      lines = Self.compare(old, new)
    } else {
      lines = Self.compare(Self.lines(old), Self.lines(new))
    }
  }

  var removed: Int { lines.count { if case .removed = $0 { true } else { false } } }
  var added: Int { lines.count { if case .added = $0 { true } else { false } } }

  /// How many unchanged lines are shown before a change and after it, as in git.
  private static let context = 3

  func text(_ style: Style) -> [TerminalText] {
    var shown: [TerminalText] = []
    var last = -1
    for (position, line) in lines.enumerated() where isNearChange(position) {
      if position > last + 1 { shown.append(style.cyan("@@ line \(position + 1) @@")) }
      last = position
      switch line {
      case .same(let text): shown.append("  \(text)")
      case .removed(let text): shown.append(style.red("- \(text)"))
      case .added(let text): shown.append(style.green("+ \(text)"))
      }
    }
    return shown
  }

  private func isNearChange(_ position: Int) -> Bool {
    let first = max(0, position - Self.context)
    return lines[first..<min(lines.count, position + Self.context + 1)].contains(where: \.isChange)
  }

  // MARK: Comparing

  /// The members of an object, whatever their order; one that has another value is gone and new.
  private static func compare(_ old: [JSON.Member], _ new: [JSON.Member]) -> [Line] {
    let values = Dictionary(old.map { ($0.name, $0) }) { $1 }
    let names = Set(new.map(\.name))
    var lines = old.filter { !names.contains($0.name) }.map { Line.removed(line($0)) }
    for member in new {
      switch values[member.name] {
      case let same? where same.value.text == member.value.text: lines.append(.same(line(member)))
      case let other?: lines += [.removed(line(other)), .added(line(member))]
      case nil: lines.append(.added(line(member)))
      }
    }
    return lines
  }

  /// Lines in their order (Myers, "An O(ND) Difference Algorithm and Its Variations", 1986).
  private static func compare(_ old: [String], _ new: [String]) -> [Line] {
    let (removed, added) = changes(old, new)
    var lines: [Line] = []
    var (before, after) = (0, 0)
    while before < old.count || after < new.count {
      if removed.contains(before) {
        lines.append(.removed(old[before]))
        before += 1
      } else if added.contains(after) {
        lines.append(.added(new[after]))
        after += 1
      } else {
        lines.append(.same(new[after]))
        (before, after) = (before + 1, after + 1)
      }
    }
    return lines
  }

  /// Which lines are gone, and which are new; of large texts that have little in common, all.
  private static func changes(
    _ old: [String], _ new: [String]
  ) -> (removed: Set<Int>, added: Set<Int>) {
    let head = zip(old, new).prefix { $0 == $1 }.count
    let tail = zip(old.dropFirst(head).reversed(), new.dropFirst(head).reversed())
      .prefix { $0 == $1 }.count
    let (first, second) = (head..<old.count - tail, head..<new.count - tail)
    guard first.count * second.count <= mostComparisons else { return (Set(first), Set(second)) }
    var (removed, added): (Set<Int>, Set<Int>) = ([], [])
    for change in Array(new[second]).difference(from: Array(old[first])) {
      switch change {
      case .remove(let offset, _, _): removed.insert(head + offset)
      case .insert(let offset, _, _): added.insert(head + offset)
      }
    }
    return (removed, added)
  }

  private static let mostComparisons = 10_000_000

  // MARK: Lines

  private static func members(_ value: JSON?) -> [JSON.Member]? {
    guard let members = value?.members, !members.isEmpty else { return nil }
    return members
  }

  private static func line(_ member: JSON.Member) -> String {
    "\(member.name): \(text(member.value))"
  }

  private static func lines(_ value: JSON?) -> [String] {
    guard let value else { return [] }
    if let members = members(value) { return members.map(line) }
    guard let text = value.string, text.contains("\n") else { return [Self.text(value)] }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    return lines
  }

  /// A text as it is, unless it could be taken for another value.
  private static func text(_ value: JSON) -> String {
    guard let text = value.string, (try? JSON(parsing: Bytes(utf8: text))) == nil else {
      return value.text
    }
    return text
  }
}

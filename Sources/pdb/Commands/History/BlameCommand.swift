// `pdb blame`

import ArgumentParser
import PDBKit

struct BlameCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "blame", abstract: "Show who last changed each member of a value.",
    discussion: """
      An object has a line for each of its members, any other value one line. With --task it is about a \
      task. What was changed before the history begins has no revision.
      """)

  static let examples = [
    Example("pdb blame user:lan", "Who wrote each member of a value:"),
    Example("pdb blame --task 1", "Who wrote each field of a task:"),
  ]

  @Argument(help: "The key.")
  var key: String?

  @Option(name: .long, help: ArgumentHelp("A task instead of a key.", valueName: "ref"))
  var task: String?

  @OptionGroup var past: PastOptions

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard (key == nil) != (task == nil) else {
      throw ValidationError("name a key or, with --task, a task")
    }
  }

  func run() async throws {
    try await Session.run(options) { session in
      let (store, moment) = (try await session.store(), try past.moment(session))
      let (key, revision) = try await found(store, moment)
      let blame = try await Blame(of: key, in: store, at: moment)
      let json: JSON = [
        "lines": .array(blame.lines.map(\.json)),
        "key": String(validating: key, as: UTF8.self).map { .string($0) } ?? .null,
        "revision": JSON(revision),
      ]
      try session.show(json) { show(blame.lines) }
    }
  }

  private func found(
    _ store: any Store, _ moment: Moment
  ) async throws -> (key: Bytes, revision: UInt64) {
    if let task {
      let found = try await store.task(TaskReference(naming: task), at: moment)
      return (TaskKeys.task(id: found.value.task.id), found.revision)
    }
    let name = try Bytes(key: key ?? "")
    let found = try await store.get(name, at: moment)
    guard found.value != nil else { throw PDBError(.keyNotFound, "no key '\(key ?? "")'") }
    return (name, found.revision)
  }

  private func show(_ lines: [Blame.Line]) {
    guard Console.isTerminal(.output) else {
      for line in lines { Console.write(row: line.cells) }
      return
    }
    let style = Style(for: .output)
    let width = lines.map { $0.author.displayWidth }.max() ?? 0
    let digits = lines.map { $0.number.count }.max() ?? 0
    for line in lines {
      let number = String(repeating: " ", count: digits - line.number.count) + line.number
      let author =
        line.author + String(repeating: " ", count: max(0, width - line.author.displayWidth))
      let time: TerminalText =
        line.revision.map { TerminalText(LocalTime.text($0.time.description)) }
        ?? "before the history"
      Console.write("\(style.yellow("\(number)")) (\(author) \(time)) \(line.text)")
    }
  }
}

/// Who last changed each part of a value.
struct Blame {
  /// A member of an object, or a value that is none.
  struct Line {
    let member: String?
    let value: JSON
    /// Who changed it last; `nil` if that is forgotten.
    fileprivate(set) var revision: Revision?

    var number: String { revision.map { String($0.number) } ?? "-" }
    var author: String { revision?.author ?? "-" }
    var text: String {
      let value = value.string ?? value.text
      return member.map { "\($0): \(value)" } ?? value
    }

    /// Tab-separated: revision, time, author, member, value.
    var cells: [String] {
      [number, revision?.time.description ?? "-", author, member ?? "", value.text]
    }

    var json: JSON {
      [
        "revision": revision.map { JSON($0.number) } ?? .null,
        "time": revision.map { .string($0.time.description) } ?? .null,
        "author": revision.map { .string($0.author) } ?? .null,
        "member": member.map { .string($0) } ?? .null, "value": value,
      ]
    }
  }

  private(set) var lines: [Line] = []

  /// Reads the history of a key from its newest change back, until nothing is left to find.
  init(of key: Bytes, in store: any Store, at moment: Moment) async throws {
    var query = HistoryQuery(filter: HistoryFilter(key: key), limit: 100)
    repeat {
      let page = try await store.history(query, at: moment)
      for revision in page.revisions {
        guard let change = revision.changes.first(where: { $0.key == key }) else { continue }
        if lines.isEmpty { lines = Self.parts(change.after) }
        blame(revision, change)
      }
      query.before = page.next
    } while query.before != nil && (lines.isEmpty || lines.contains { $0.revision == nil })
    if lines.isEmpty { lines = Self.parts(try await store.get(key, at: moment).value?.value) }
  }

  /// What a change made as it is now, and nothing newer did.
  private mutating func blame(_ revision: Revision, _ change: Revision.KeyChange) {
    let (before, after) = (Self.parts(change.before), Self.parts(change.after))
    for (position, line) in lines.enumerated() where line.revision == nil {
      func value(_ parts: [Line]) -> JSON? { parts.first { $0.member == line.member }?.value }
      if value(after) == line.value, value(before) != line.value {
        lines[position].revision = revision
      }
    }
  }

  private static func parts(_ stored: Bytes?) -> [Line] {
    guard let stored else { return [] }
    let value = JSON(stored: stored)
    guard let members = value.members, !members.isEmpty else {
      return [Line(member: nil, value: value)]
    }
    return members.map { Line(member: $0.name, value: $0.value) }
  }
}

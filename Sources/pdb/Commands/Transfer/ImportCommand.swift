// `pdb import`

import ArgumentParser
import PDBKit

struct ImportCommand: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Add the pairs of a file as one change, all or none.",
    discussion: """
      Reads what 'pdb export' writes, the files of pickleDB, old and new, tasks among them, what 'task export' of \
      taskwarrior writes, and CSV with a first line that names title and, if wanted, due, priority, tags, \
      project, notes and completed. A \
      pickle may contain plain data only: nothing in it is ever executed. A large import that was \
      interrupted goes on where it stopped when it is started again. 'pdb undo' undoes it.
      """)

  static let examples = [
    Example("pdb import all.ndjson --dry-run", "See what an import would do:"),
    Example("pdb import all.ndjson --existing replace", "Import a file:"),
  ]

  @Argument(help: "The file; '-' reads standard input.")
  var file: String

  @Flag(name: .long, help: "Only say what would be imported.")
  var dryRun = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "For keys that exist with another value: refuse all, replace or keep.", valueName: "what"))
  var existing: Existing = .refuse

  @OptionGroup var options: GlobalOptions

  enum Existing: String, ExpressibleByArgument, CaseIterable {
    case refuse, replace, keep

    var keys: ExistingKeys {
      switch self {
      case .refuse: .refuse
      case .replace: .replace
      case .keep: .keep
      }
    }
  }

  func run() async throws {
    try await Session.run(options) { session in
      if !dryRun { session.willChange() }
      let content = try ImportFile(try await Input.bytes(of: file))
      if dryRun { return try await preview(content, session) }
      guard !content.pairs.isEmpty else {
        return try session.show(["status": "imported", "count": 0]) {
          guard Console.isTerminal(.output) else { return Console.write("0") }
          session.say("nothing to import: the file has no pairs")
        }
      }
      var progress = ProgressBar("importing", isQuiet: options.quiet)
      defer { progress.finish() }
      let importing = StagedImport(content, existing: existing.keys)
      let receipt = try await importing.run(session.store()) {
        progress.update($0, of: content.pairs.count)
      }
      progress.finish()
      session.noteChange(receipt.revision)
      let count = receipt.answer.count
      try session.show(["status": "imported", "count": JSON(count)]) {
        guard Console.isTerminal(.output) else { return Console.write(cell: "\(count)") }
        session.say(
          "imported \(count) of \(content.pairs.count) pairs (\(TerminalText(message: content.format)))"
        )
        if count > 0 { session.sayHowToUndo(receipt.revision) }
      }
    }
  }

  /// Compares the file with what is there.
  private func preview(_ content: ImportFile, _ session: Session) async throws {
    let preview = try await ImportPreview.make(content, session.store())
    try session.show(preview.json) {
      var table = Table(
        .init(title: "PAIRS", isPhrase: true), .init(title: "COUNT", isNumber: true),
        .init(title: "WHAT HAPPENS", isPhrase: true))
      table.add("new", String(preview.new), "would be added")
      table.add("same", String(preview.same), "would stay")
      let fate =
        switch existing {
        case .refuse: "would refuse the import"
        case .replace: "would be replaced"
        case .keep: "would stay"
        }
      table.add("different", String(preview.different), fate)
      table.print()
      guard Console.isTerminal(.output), !preview.changes.isEmpty else { return }
      let style = Style(for: .output)
      let parts = preview.changes.map { $0.difference(style) }
      Console.write(text: "\n\(TerminalText(parts, separator: "\n"))")
    }
  }
}

/// What an import would meet.
struct ImportPreview {
  let format: String
  private(set) var new: Int
  private(set) var same = 0
  private(set) var different = 0
  /// What an import that replaces would do to keys, in their order; the first ones where it is much.
  private(set) var changes: [Revision.KeyChange] = []

  private static let shownChanges = 1000

  static func make(_ file: ImportFile, _ store: some Store) async throws -> ImportPreview {
    var wanted: [Bytes: Bytes] = [:]
    for pair in file.pairs { wanted[pair.key] = pair.value }
    var preview = ImportPreview(format: file.format, new: wanted.count)
    for try await pairs in try await store.export(prefix: [], at: .now) {
      for pair in pairs {
        if let value = wanted.removeValue(forKey: pair.key) { preview.meet(value, pair) }
      }
    }
    preview.changes += wanted.map { .init(key: $0, before: nil, after: $1) }
    preview.changes.sort { $0.key.lexicographicallyPrecedes($1.key) }
    preview.changes = Array(preview.changes.prefix(shownChanges))
    return preview
  }

  private mutating func meet(_ wanted: Bytes, _ found: Pair) {
    new -= 1
    if wanted == found.value || Self.isSameTask(wanted, found.value) {
      same += 1
    } else {
      different += 1
      changes.append(.init(key: found.key, before: found.value, after: wanted))
    }
  }

  /// A file of another kind knows nothing of a task's number.
  private static func isSameTask(_ wanted: Bytes, _ found: Bytes) -> Bool {
    guard let wanted = try? JSON(parsing: wanted), let found = try? JSON(parsing: found),
      TaskItem(json: found) != nil
    else { return false }
    return wanted["title"] == found["title"] && wanted["completed"] == found["completed"]
  }

  var json: JSON {
    [
      "status": "previewed", "format": .string(format), "new": JSON(new), "same": JSON(same),
      "different": JSON(different), "changes": .array(changes.map(\.json)),
    ]
  }
}

// `pdb import`

import ArgumentParser
import Foundation
import PDBKit

struct ImportCommand: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Add the pairs of a file as one change, all or none.",
    discussion: """
      Reads what 'pdb export' writes, and the files of pickleDB, old and new, tasks among them. A \
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
  }

  func run() async throws {
    try await Session.run(options) { session in
      if !dryRun { session.willChange() }
      let content = try ImportFile(try Input.bytes(of: file))
      if dryRun { return try await preview(content, session) }
      guard !content.pairs.isEmpty else {
        return try session.show(["status": "imported", "count": 0]) {
          guard Console.isTerminal(.output) else { return Console.write("0") }
          session.say("nothing to import: the file has no pairs")
        }
      }
      var progress = ProgressBar("importing", isQuiet: options.quiet)
      defer { progress.finish() }
      try await session.connection.meet()
      let importing = Importing(content, existing: existing.rawValue)
      let answer = try await importing.run(session.connection.client) {
        progress.update($0, of: content.pairs.count)
      }
      progress.finish()
      OutputFailure.noteChange(answer.revision)
      try session.show(answer.json) {
        let count = answer.json["count"]?.uint64 ?? 0
        guard Console.isTerminal(.output) else { return Console.write(String(count)) }
        session.say("imported \(count) of \(content.pairs.count) pairs (\(content.format))")
        if count > 0 { session.sayHowToUndo(answer) }
      }
    }
  }

  /// Compares the file with what is there.
  private func preview(_ content: ImportFile, _ session: Session) async throws {
    let preview = try await ImportPreview.make(content, session)
    try session.show(preview.json) {
      var table = Table(
        .init(title: "PAIRS"), .init(title: "COUNT", isNumber: true), .init(title: "WHAT HAPPENS"))
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
    }
  }
}

/// What an import would meet.
struct ImportPreview {
  let format: String
  private(set) var new: Int
  private(set) var same = 0
  private(set) var different = 0

  static func make(_ file: ImportFile, _ session: Session) async throws -> ImportPreview {
    // By bytes: keys that differ only in normalisation are different keys.
    var wanted: [Bytes: JSON] = [:]
    for pair in file.pairs { wanted[name(pair)] = pair["value"] ?? pair["value_b64"] ?? .null }
    var preview = ImportPreview(format: file.format, new: wanted.count)
    var rest: Bytes = []
    try await session.download("/export") { bytes in
      rest += bytes
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        if let pair = try? JSON(parsing: rest[..<end], depth: 72), pair["key"] != nil,
          let value = wanted[name(pair)]
        {
          preview.meet(value, pair["value_b64"] ?? pair["value"] ?? .null)
        }
        rest = Bytes(rest[(end + 1)...])
      }
    }
    return preview
  }

  private static func name(_ pair: JSON) -> Bytes {
    pair["key"]?.string.map { Bytes($0.utf8) }
      ?? Bytes(Data(base64Encoded: pair["key_b64"]?.string ?? "") ?? Data())
  }

  private mutating func meet(_ wanted: JSON, _ found: JSON) {
    new -= 1
    // A file of another kind knows nothing of a task's number.
    let isSameTask =
      TaskItem(json: found) != nil && wanted["title"] == found["title"]
      && wanted["completed"] == found["completed"]
    if wanted == found || isSameTask { same += 1 } else { different += 1 }
  }

  var json: JSON {
    [
      "status": "previewed", "format": .string(format), "new": JSON(new), "same": JSON(same),
      "different": JSON(different),
    ]
  }
}

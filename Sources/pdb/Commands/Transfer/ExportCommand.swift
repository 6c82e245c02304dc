// `pdb export`

import ArgumentParser
import Foundation
import PDBKit

struct ExportCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write all pairs, tasks among them, as JSON lines.",
    discussion: """
      All lines are of one revision, while changes go on. The first line says which, the last how \
      many there were. 'pdb import' reads it. History is not in it: see 'pdb backup'.
      """)

  static let examples = [
    Example("pdb export -o all.ndjson", "Write everything into a file:")
  ]

  @Option(name: .shortAndLong, help: "Where to write, instead of stdout.")
  var output: String?

  @Option(name: .long, help: "Only keys that begin with this.")
  var prefix: String = ""

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      var query = options.stale ? ["consistency=stale"] : []
      if !prefix.isEmpty { query.append("prefix=" + (try Input.text(prefix).percentEncoded)) }
      let path = "/export" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
      guard let output else {
        return try await session.download(path) { Console.write($0) }
      }
      let size = try await OutputFile.write(output, session, path, "exporting")
      try session.show(["status": "exported", "file": .string(output), "bytes": JSON(size)]) {
        session.say("wrote \(output)")
      }
    }
  }
}

/// A file that appears when it is complete.
enum OutputFile {
  /// Downloads into a file and returns its size.
  static func write(
    _ path: String, _ session: Session, _ from: String, _ what: String
  ) async throws -> Int {
    let partial = path + ".partial"
    guard
      FileManager.default.createFile(
        atPath: partial, contents: nil, attributes: [.posixPermissions: 0o600]),
      let file = FileHandle(forWritingAtPath: partial)
    else {
      throw PDBError(
        .dataDirectory, "cannot write '\(partial)'", hint: "choose another place")
    }
    var size = 0
    var progress = ProgressBar(what, isQuiet: session.options.quiet)
    do {
      try await session.download(from) { bytes in
        try file.write(contentsOf: Data(bytes))
        size += bytes.count
        progress.update(size, of: nil)
      }
      progress.finish()
      try file.synchronize()
      try file.close()
    } catch {
      progress.finish()
      try? FileManager.default.removeItem(atPath: partial)
      if error is PDBError { throw error }
      throw PDBError(
        .diskFailed, "cannot write '\(partial)': \(error.localizedDescription)",
        hint: "is there space?")
    }
    guard rename(partial, path) == 0 else {
      throw PDBError(.dataDirectory, "cannot write '\(path)'", hint: "choose another place")
    }
    return size
  }
}

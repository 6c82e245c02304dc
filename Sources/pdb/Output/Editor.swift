// The user's editor, for texts that are too long for a line.

import Foundation
import PDBKit

enum Editor {
  /// Lets the user change a text, and hands it on if it was changed.
  ///
  /// - Parameters:
  ///   - text: what to begin with.
  ///   - ending: of the file's name, so that editors know what it is.
  ///   - use: makes something of the new text. If it fails the text is kept in a file, which the error
  ///     names.
  /// - Returns: whether it was changed.
  /// - Throws: `bad_request` where there is no terminal, or if the editor fails.
  static func edit(
    _ text: String, ending: String, use: (String) async throws -> Void
  ) async throws -> Bool {
    let environment = ProcessInfo.processInfo.environment
    let named = [environment["VISUAL"], environment["EDITOR"]].compactMap { $0 }.first {
      !$0.isEmpty
    }
    guard named != nil || Console.inputIsTerminal && Console.isTerminal(.output) else {
      throw PDBError(
        .badRequest, "there is no terminal to edit on",
        hint: "give the new value on the command line, or set EDITOR")
    }
    let folder = FileManager.default.temporaryDirectory.path + "/pdb-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    var isDone = true
    defer { if isDone { try? FileManager.default.removeItem(atPath: folder) } }
    let file = folder + "/edit.\(ending)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    let status = await Subprogram.run(
      ["sh", "-c", "\(named ?? "vi") \"$1\"", "sh", file], environment: Subprogram.environment,
      input: nil)
    guard status == 0 else {
      throw PDBError(
        .badRequest, "the editor '\(named ?? "vi")' failed", hint: "VISUAL and EDITOR name it")
    }
    guard let data = FileManager.default.contents(atPath: file),
      let changed = String(validating: data, as: UTF8.self)
    else { throw PDBError(.badRequest, "what was written is not valid UTF-8") }
    guard changed != text else { return false }
    do { try await use(changed) } catch let error as PDBError {
      isDone = false
      throw PDBError(
        error.code, error.message, outcome: error.outcome,
        hint: error.hint.map { "what you wrote is in '\(file)'; \($0)" }
          ?? "what you wrote is in '\(file)'",
        details: error.details)
    }
    return true
  }
}

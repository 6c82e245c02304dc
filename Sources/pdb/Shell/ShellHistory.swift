// The lines that were typed in the shell, in a file.

import Foundation
import PDBKit

/// `$XDG_STATE_HOME/pdb/history`, a line each, readable for its owner alone. Every line is
/// written when it is entered, so that nothing is lost however the shell ends.
struct ShellHistory {
  private static let limit = 10_000

  private static var path: String { UserEnvironment.stateFolder + "/history" }

  static func load() -> [String] {
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    return Array(lines.suffix(limit))
  }

  /// A line that begins with a blank is not for the file.
  static func add(_ line: String) {
    guard !line.hasPrefix(" "), !line.allSatisfy(\.isWhitespace) else { return }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    try? FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    defer { close(file) }
    fchmod(file, 0o600)
    let bytes = Array((line + "\n").utf8)
    _ = write(file, bytes, bytes.count)
  }
}

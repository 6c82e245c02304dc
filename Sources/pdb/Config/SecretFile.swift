// Files that hold a secret.

import Foundation
import PDBKit

enum SecretFile {
  /// Reads a secret, without the line's end.
  ///
  /// - Parameter what: what the secret is, for messages.
  /// - Throws: `bad_configuration` if the file cannot be read, if other users can read it, or if
  ///   what it holds is no secret.
  static func read(_ path: String, _ what: String) throws -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw PDBError(
        .badConfiguration,
        "cannot read the \(what) file '\(path)': \(String(cString: strerror(errno)))")
    }
    let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
    try Ownership(of: file, path: path, code: .badConfiguration).checkSecret()
    guard let data = try? handle.readToEnd(), let text = String(data: data, encoding: .utf8) else {
      throw PDBError(.badConfiguration, "cannot read the \(what) file '\(path)'")
    }
    let secret = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard secret.utf8.count >= 16, secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw PDBError(
        .badConfiguration,
        "the \(what) in '\(path)' must be 16 or more visible ASCII characters",
        hint: "openssl rand -hex 32 makes a good one")
    }
    return secret
  }
}

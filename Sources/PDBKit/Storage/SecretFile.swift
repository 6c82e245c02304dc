// Files that hold a secret.

import Foundation
package import PDBModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads and writes files that no other user may see into.
package enum SecretFile {
  /// Reads a secret, without the line's end.
  ///
  /// - Parameters:
  ///   - what: what the secret is, for messages.
  ///   - code: of what is thrown.
  /// - Throws: if the file cannot be read, if other users can read it, or if what it holds is no
  ///   secret.
  package static func read(
    _ path: String, _ what: String, code: PDBError.Code = .badConfiguration
  ) throws -> String {
    let secret = try text(path, what, code: code)
    guard isSecret(secret) else {
      throw PDBError(
        code, "the \(what) in '\(path)' must be 16 or more visible ASCII characters",
        hint: "openssl rand -hex 32 makes a good one")
    }
    return secret
  }

  /// Reads a text that others must not know, without the line's end.
  ///
  /// - Throws: if the file cannot be read, or if other users can read it.
  package static func text(
    _ path: String, _ what: String, code: PDBError.Code = .badConfiguration
  ) throws -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw PDBError(
        code, "cannot read the \(what) file '\(path)': \(String(cString: strerror(errno)))")
    }
    let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
    try Ownership(of: file, path: path, code: code).checkSecret()
    guard let data = try? handle.readToEnd(), let text = String(data: data, encoding: .utf8) else {
      throw PDBError(code, "cannot read the \(what) file '\(path)'")
    }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Whether a text can stand in such a file.
  package static func isSecret(_ text: String) -> Bool {
    text.utf8.count >= 16 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }

  /// Writes a secret in the place of what was there. It is durable when this returns.
  ///
  /// - Throws: `data_directory`.
  package static func write(_ secret: String, to path: String) throws {
    try withNewFile(of: secret, beside: path) { file in
      guard rename(file, path) == 0 else { throw failure(path) }
    }
  }

  /// Reads a secret, or makes it where there is none. Processes that do so at once get the same one.
  ///
  /// - Parameters:
  ///   - folder: made if it does not exist.
  ///   - name: of the file in it.
  ///   - what: what the secret is, for messages.
  /// - Returns: `nil` if there is none and none can be made.
  /// - Throws: `data_directory` if it cannot be read, or others can read it.
  package static func read(
    inFolder folder: String, _ name: String, _ what: String, orMake make: () -> String
  ) throws -> String? {
    let path = "\(folder)/\(name)"
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    if access(path, F_OK) != 0 {
      // Another process may have been the first.
      try? withNewFile(of: make(), beside: path) { file in
        link(file, path)
        unlink(file)
      }
      guard access(path, F_OK) == 0 else { return nil }
    }
    return try read(path, what, code: .dataDirectory)
  }

  /// A whole file that has no name yet that anybody looks for.
  private static func withNewFile(
    of secret: String, beside path: String, _ body: (String) throws -> Void
  ) throws {
    let name = "\(path).\(getpid())"
    unlink(name)
    let file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw failure(path) }
    do {
      defer { close(file) }
      let handle = FileHandle(fileDescriptor: file, closeOnDealloc: false)
      try handle.write(contentsOf: Data((secret + "\n").utf8))
      guard fsync(file) == 0 else { throw failure(path) }
      try body(name)
    } catch {
      unlink(name)
      throw error
    }
    let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY)
    guard folder >= 0 else { throw failure(path) }
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw failure(path) }
  }

  private static func failure(_ path: String) -> PDBError {
    PDBError(.dataDirectory, "cannot write '\(path)': \(String(cString: strerror(errno)))")
  }
}

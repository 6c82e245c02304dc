// A file of the user's that a command writes.

import CoreFoundation
import Foundation
import PDBKit

/// A file that appears when it is complete. What is no ordinary file, a pipe or a device, is
/// written to as it is; `-` is stdout.
enum OutputFile {
  /// Writes what `body` hands it into a file and returns its size.
  ///
  /// - Parameter what: what is done, for the progress bar.
  static func write(
    _ path: String, _ what: TerminalText, isQuiet: Bool,
    _ body: (_ write: (Bytes) throws -> Void) async throws -> Void
  ) async throws -> Int {
    var progress = ProgressBar(what, isQuiet: isQuiet || path == "-")
    defer { progress.finish() }
    let target = try Target(path)
    var size = 0
    do {
      try await body { bytes in
        try target.write(bytes)
        size += bytes.count
        progress.update(size, of: nil)
      }
      try target.finish()
    } catch {
      target.abandon()
      throw error
    }
    return size
  }

  private struct Target {
    private let path: String
    /// Where the bytes go until they are complete; `nil` if straight to their place.
    private let partial: String?
    private let file: Int32

    init(_ wanted: String) throws {
      guard wanted != "-" else {
        (path, partial, file) = (wanted, nil, STDOUT_FILENO)
        return
      }
      // A link keeps its place: what it leads to is written.
      let resolved = realpath(try Input.text(wanted), nil)
      defer { free(resolved) }
      path = resolved.map { String(cString: $0) } ?? wanted
      var status = stat()
      let exists = stat(path, &status) == 0
      if exists, status.st_mode & S_IFMT != S_IFREG {
        partial = nil
        file = open(path, O_WRONLY | O_CLOEXEC)
      } else {
        let name = "\(path).partial-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        partial = name
        let mode = exists ? status.st_mode & 0o777 : 0o600
        file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
      }
      guard file >= 0 else { throw Self.failure(path) }
    }

    func write(_ bytes: Bytes) throws {
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw Self.failure(path) }
        rest = rest.dropFirst(count)
      }
    }

    func finish() throws {
      guard let partial else { return }
      guard fsync(file) == 0, close(file) == 0, rename(partial, path) == 0 else {
        throw Self.failure(path)
      }
    }

    func abandon() {
      if let partial { unlink(partial) }
    }

    private static func failure(_ path: String) -> PDBError {
      PDBError(
        .dataDirectory,
        "cannot write '\(path)': \(String(cString: strerror(errno)))",
        hint: "choose another place")
    }
  }
}

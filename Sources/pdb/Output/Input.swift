// What users hand in: arguments and standard input, as text that is really text.

import CoreFoundation
import Foundation
import NIOConcurrencyHelpers
import PDBKit

enum Input {
  /// An argument. Swift repairs bytes that are not UTF-8 silently. The repaired text is not what
  /// the user wrote, so it is refused.
  static func text(_ argument: String) throws -> String {
    guard !argument.unicodeScalars.contains("\u{FFFD}") else {
      throw PDBError(
        .badRequest, "'\(argument)' is not valid UTF-8",
        hint: "write it in UTF-8, or send it through a file and '-'")
    }
    return argument
  }

  private static let commandSource = NIOLockedValueBox(false)

  /// Whether the shell reads its commands from standard input, so that a command cannot.
  static var isCommandSource: Bool {
    get { commandSource.withLockedValue { $0 } }
    set { commandSource.withLockedValue { $0 = newValue } }
  }

  /// Whether a file is the one that standard input comes from.
  static func isStandardInput(_ path: String) -> Bool {
    var (file, input) = (stat(), stat())
    return stat(path, &file) == 0 && fstat(STDIN_FILENO, &input) == 0
      && file.st_dev == input.st_dev && file.st_ino == input.st_ino
  }

  /// Standard input as bytes.
  ///
  /// - Throws: `bad_request` where the commands themselves come from there.
  static func bytes() async throws -> [UInt8] {
    guard !isCommandSource else {
      throw PDBError(
        .badRequest, "'-' cannot read standard input: the commands are read from it",
        hint: "write the value into the line, or run the commands with 'pdb shell -f FILE'")
    }
    return try await BlockingCall.run { isCancelled in
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        guard Console.waitForInput(unless: isCancelled) else { throw CancellationError() }
        let count = read(STDIN_FILENO, &buffer, buffer.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw PDBError(.badRequest, "cannot read standard input") }
        if count == 0 { return bytes }
        bytes += buffer.prefix(count)
      }
    }
  }

  /// A file as bytes; `-` is standard input. Pipes are files too.
  static func bytes(of path: String) async throws -> [UInt8] {
    if path == "-" { return try await bytes() }
    return try await BlockingCall.run { _ in
      guard let file = FileHandle(forReadingAtPath: path),
        let data = try? file.readToEnd() ?? Data()
      else {
        throw PDBError(
          .noInput, "cannot read '\(path)'", hint: "is it there?")
      }
      return [UInt8](data)
    }
  }

  /// Standard input as lines of text, empty ones left out.
  static func lines() async throws -> [String] {
    guard let text = String(validating: try await bytes(), as: UTF8.self) else {
      throw PDBError(.badRequest, "standard input is not valid UTF-8")
    }
    return text.split(whereSeparator: \.isNewline).map(String.init).filter {
      !$0.allSatisfy(\.isWhitespace)
    }
  }
}

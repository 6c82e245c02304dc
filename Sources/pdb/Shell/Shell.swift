// The shell: the same commands without the `pdb`, one line after the other.

import Foundation
import PDBKit

/// What commands in a shell have in common: the connection, and the shell's own settings.
final class Shell: Sendable {
  private let connection: Connection
  private let globals: [String]
  private let settings: ShellSettings

  /// - Parameter globals: words that every command gets, as they were given to the shell.
  init(_ connection: Connection, globals: [String]) {
    self.connection = connection
    self.globals = globals
    settings = ShellSettings()
    Subprogram.usePlace(of: connection)
  }

  enum Outcome: Sendable {
    case status(Int32)
    /// With an exit code.
    case leave(Int32)
  }

  /// Runs the commands of a line until one fails.
  func run(_ line: String) async -> Outcome {
    var rest: ArraySlice<ShellLine.Command>
    do throws(PDBError) {
      rest = try ShellLine(line).commands[...]
    } catch {
      return fail(error)
    }
    while let command = rest.popFirst() {
      let outcome = await run(command)
      if case .status(0) = outcome { continue }
      if case .status = outcome, !rest.isEmpty, !isJSON {
        let texts = rest.map(\.text).joined(separator: "; ")
        Console.writeError("not run: \(texts)")
      }
      return outcome
    }
    return .status(0)
  }

  /// Runs a command, and sends its output to where it should go.
  private func run(_ command: ShellLine.Command) async -> Outcome {
    let target: OutputTarget
    do throws(PDBError) {
      switch command.output {
      case nil: return await run(command.words)
      case .program(let program): target = try OutputTarget(program: program)
      case .file(let name, let appends): target = try OutputTarget(file: name, appends: appends)
      }
    } catch {
      return fail(error, ExitStatus(error))
    }
    let running = Task {
      await OutputTarget.$current.withValue(target) { await run(command.words) }
    }
    target.onFailure { running.cancel() }
    let outcome = await withTaskCancellationHandler {
      await running.value
    } onCancel: {
      running.cancel()
    }
    switch outcome {
    case .status(let status): return .status(await target.finish(status))
    case .leave(let status): return .leave(await target.finish(status))
    }
  }

  private func run(_ words: [String]) async -> Outcome {
    let first = words[0]
    if first == "exit" || first == "quit" || first == ".quit" || first == ".exit" {
      return .leave(words.dropFirst().first.flatMap { Int32($0) } ?? 0)
    }
    if first.hasPrefix(".") { return .status(settings.run(words)) }
    if words == ["clear"] { return .status(settings.clear()) }
    // A user of the command line may type it here too.
    let command = first == "pdb" ? Array(words.dropFirst()) : words
    guard command.first != "shell" else {
      return fail(PDBError(.badRequest, "this is the shell already"))
    }
    let start = ContinuousClock.now
    let status = await Connection.$shared.withValue(connection) {
      await PDB.run(globals + settings.words + command, isShell: true)
    }
    settings.tellTime(since: start)
    return .status(status)
  }

  private var isJSON: Bool { (globals + settings.words).contains("--json") }

  private func fail(_ error: PDBError, _ status: ExitStatus = .usage) -> Outcome {
    ErrorReport(error, asJSON: isJSON).print()
    return .status(status.rawValue)
  }
}

// The shell on a terminal.

import Foundation
import NIOConcurrencyHelpers
import PDBKit

/// Reads lines from a person and runs them.
final class InteractiveShell: Sendable {
  private let shell: Shell
  private let connection: Connection
  private let promptStatus: PromptStatus
  /// The command that runs now.
  private let current = NIOLockedValueBox<Task<Shell.Outcome, Never>?>(nil)

  /// How long completion may take.
  private static let completionPatience = DispatchTimeInterval.milliseconds(150)

  init(_ shell: Shell, _ connection: Connection) {
    self.shell = shell
    promptStatus = PromptStatus(connection)
    self.connection = connection
  }

  /// Returns the exit code with which the user leaves.
  func run() async -> Int32 {
    let editor = LineEditor(
      history: ShellHistory.load(), complete: { [self] in complete($0) },
      onInterrupt: { [self] in
        Console.writeMessage("\n")
        current.withLockedValue { $0?.cancel() }
      })
    TerminalSignals.send(to: editor)
    defer { editor.stop() }
    Console.write(
      Style(for: .output).dim("pdb \(pdbVersion). '.help' tells how this works, Ctrl-D leaves."))
    return await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.promptStatus.watch(editor) }
      await promptStatus.waitUntilKnown()
      let status = await readLines(editor)
      group.cancelAll()
      return status
    }
  }

  private func readLines(_ editor: LineEditor) async -> Int32 {
    while case .line(let line) = await editor.readLine() {
      ShellHistory.add(line)
      let command = Task { await shell.run(line) }
      current.withLockedValue { $0 = command }
      let outcome = await command.value
      current.withLockedValue { $0 = nil }
      if case .leave(let status) = outcome { return status }
    }
    return 0
  }

  /// Readline wants the candidates at once, so its thread waits for them, but not for long.
  private func complete(_ line: String) -> Completer.Answer {
    guard case .word(let before, let current) = ShellLine.typed(line) else { return .files }
    let found = NIOLockedValueBox(Completer.Answer.candidates([]))
    let done = DispatchSemaphore(value: 0)
    let words = before.first == "pdb" ? Array(before.dropFirst()) : before
    let connection = connection
    Task {
      let answer = await Connection.$shared.withValue(connection) {
        await Completer.complete(words, current)
      }
      found.withLockedValue { $0 = answer }
      done.signal()
    }
    _ = done.wait(timeout: .now() + Self.completionPatience)
    return found.withLockedValue { $0 }
  }
}

/// Hands the signals of the terminal, such as Ctrl-C, to the editor.
private enum TerminalSignals {
  nonisolated(unsafe) private static var sources: [any DispatchSourceSignal] = []

  static func send(to editor: LineEditor) {
    signal(SIGINT, SIG_IGN)
    on(SIGINT) { editor.interrupt() }
    on(SIGCONT) { editor.redraw() }
  }

  private static func on(_ number: Int32, _ body: @escaping @Sendable () -> Void) {
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler(handler: body)
    source.resume()
    sources.append(source)
  }
}

// `pdb lock`

import ArgumentParser
import Foundation
import PDBKit

struct LockCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "lock", abstract: "Run a command while nobody else holds a lock.",
    discussion: """
      Waits for the lock, runs the command, and gives the lock back when it ends. Ends with the command's exit \
      code; with 3 if the lock could not be had or was lost, with 127 if there is no such command. The holder gives \
      signs of life; one that is cut off loses the lock after --ttl, and its command is stopped before: SIGTERM, \
      after 5 seconds SIGKILL, to the command itself, so let a script 'exec' what it ends with. If pdb itself is \
      killed nobody stops the command. So the command finds a number in PDB_LOCK_TOKEN that is greater than those \
      of all holders before, by which what the lock protects can refuse those that are late. SIGTERM and SIGHUP are \
      passed on. The lock is the key lock/NAME; undo and revert leave it alone. In a folder without a server time \
      goes by the wall clock.
      """)

  static let examples = [
    Example(
      "pdb lock backup -- pdb backup night.pdb", "Let one machine at a time make the backup:"),
    Example(
      "pdb lock report --no-wait -- echo mine || true", "Do something only if nobody else does:"),
  ]

  @Argument(help: "The name of the lock.")
  var name: String

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "How long the lock outlives a holder that gives no sign of life (default: 15s).",
      valueName: "time"))
  var ttl: TimeLength?

  @Option(name: .long, help: ArgumentHelp("How long to wait for the lock.", valueName: "time"))
  var wait: TimeLength?

  @Flag(name: .shortAndLong, help: "End with 3 if another holds the lock.")
  var noWait = false

  @OptionGroup var options: GlobalOptions

  @Argument(parsing: .postTerminator, help: "The command and its arguments, after '--'.")
  var command: [String] = []

  func validate() throws {
    guard !command.isEmpty else { throw ValidationError("which command? write it after '--'") }
    guard wait == nil || !noWait else {
      throw ValidationError("--wait and --no-wait exclude each other")
    }
    if let ttl, ttl.duration < .seconds(1) { throw ValidationError("--ttl is 1s at least") }
  }

  func run() async throws {
    var status: Int32 = 0
    try await Session.run(options) { session in
      let store = try await session.store()
      let limit = noWait ? .now : wait.map { ContinuousClock.now + $0.duration }
      let lock = try await HeldLock.take(
        Input.text(name), in: store, for: ttl?.duration ?? .seconds(15), holder: Self.holder,
        until: limit)
      status = try await run(under: lock, session)
    }
    if status != 0 { throw ExitCode(status) }
  }

  /// The machine and the process, for people who look at the key.
  private static var holder: String {
    "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"
  }

  private func run(under lock: HeldLock, _ session: Session) async throws -> Int32 {
    var environment = ProcessInfo.processInfo.environment
    environment.merge(session.connection.variables) { $1 }
    environment["PDB_LOCK"] = lock.name
    environment["PDB_LOCK_TOKEN"] = String(lock.token)
    let signals = ForwardedSignals()
    defer { signals.end() }
    guard
      let process = Subprogram.start(command, environment: environment, reading: STDIN_FILENO)
    else {
      await lock.release()
      Console.writeError("cannot run '\(command[0])': is it there?")
      return 127
    }
    signals.forward(to: process)
    let loss = await withTaskGroup(of: End.self) { group in
      group.addTask { .program(await Subprogram.end(of: process)) }
      group.addTask {
        var kept = lock
        do throws(PDBError) {
          try await kept.keepUntilLost()
          return .kept
        } catch { return error.code == .interrupted ? .kept : .lost(error) }
      }
      var ends: [End] = []
      while let end = await group.next() {
        ends.append(end)
        switch end {
        case .program: group.cancelAll()
        case .lost: Self.stop(process)
        case .kept: break
        }
      }
      return ends
    }
    for case .lost(let error) in loss { throw error }
    await lock.release()
    for case .program(let status) in loss { return status }
    return ExitStatus.bug.rawValue
  }

  private enum End: Sendable {
    case program(Int32)
    case lost(PDBError)
    case kept
  }

  /// Asks a program to end, and makes it end if it does not.
  private static func stop(_ process: pid_t) {
    kill(process, SIGTERM)
    DispatchQueue.global().asyncAfter(deadline: .now() + 5) { kill(process, SIGKILL) }
  }
}

/// Signals that are meant for the program that runs under a lock: it ends, and then the lock is given back.
private final class ForwardedSignals {
  private var sources: [any DispatchSourceSignal] = []
  private let handlers = all.map { ($0, signal($0, SIG_IGN)) }

  private static let all = [SIGINT, SIGQUIT, SIGTERM, SIGHUP]

  /// What the terminal sends to all reaches the program by itself.
  func forward(to process: pid_t) {
    for number in [SIGTERM, SIGHUP] {
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { kill(process, number) }
      source.resume()
      sources.append(source)
    }
  }

  func end() {
    for source in sources { source.cancel() }
    for (number, handler) in handlers { signal(number, handler) }
  }
}

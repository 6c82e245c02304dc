// The command tree, and the one place where a run of pdb begins and ends.

import ArgumentParser
import Foundation
import PDBKit

@main
struct PDB: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pdb",
    abstract: "A small replicated database for tasks and key-value pairs.",
    discussion: """
      Make a database in this folder with 'pdb init'. 'pdb node start' serves it, 'pdb lab up' starts a \
      whole cluster in one terminal.
      Then try 'pdb task add "Học Python"' and 'pdb task ls'.
      """,
    version: "pdb \(pdbVersion)",
    groupedSubcommands: [
      CommandGroup(
        name: "Data",
        subcommands: [TaskCommand.self, KVCommand.self, TxnCommand.self, LockCommand.self]),
      CommandGroup(
        name: "History",
        subcommands: [
          LogCommand.self, ShowCommand.self, DiffCommand.self, BlameCommand.self, UndoCommand.self,
          RedoCommand.self, RevertCommand.self, TagCommand.self, BisectCommand.self,
        ]),
      CommandGroup(
        name: "Places",
        subcommands: [
          InitCommand.self, StatusCommand.self, WaitCommand.self, VerifyCommand.self,
          RemoteCommand.self,
          UseCommand.self,
        ]),
      CommandGroup(
        name: "Nodes",
        subcommands: [NodeCommand.self, ClusterCommand.self, LabCommand.self, BenchCommand.self]),
      CommandGroup(
        name: "Files",
        subcommands: [
          ExportCommand.self, ImportCommand.self, BackupCommand.self, RestoreCommand.self,
        ]),
      CommandGroup(
        name: "This program",
        subcommands: [
          ShellCommand.self, UICommand.self, ConfigCommand.self, CompletionCommand.self,
          HelpCommand.self, ManualCommand.self,
        ]),
    ],
    // ``Dispatch`` answers --help; the parser would also find it in words such as '-dash'.
    helpNames: [])

  static func main() async {
    // Output may end early (`pdb task ls | head -1`); that is the reader's right.
    signal(SIGPIPE, SIG_DFL)
    Console.reserveStandardStreams()
    ClusterClient.useOneThread()
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.first == Completer.word {
      await Completer.answer(Array(arguments.dropFirst()))
      Foundation.exit(0)
    }
    let command = Task { await run(arguments) }
    // Nodes, labs and shells have their own way with Ctrl-C.
    let word = GlobalOptions.movedBehindCommand(arguments).first
    if !["node", "lab", "shell"].contains(word) {
      Interruption.cancels(command)
    }
    Foundation.exit(await command.value)
  }

  /// Runs one command and prints its error, if there is one; returns the exit code.
  static func run(_ arguments: [String], isShell: Bool = false) async -> Int32 {
    let isJSON = asksForJSON(arguments)
    OutputFailure.beginCommand(asJSON: isJSON)
    do {
      let settings = try settings(for: arguments)
      if let color = try settings.text(.color).flatMap(ColorChoice.init) {
        ColorChoice.current = color
      }
      switch try Dispatch(arguments, settings) {
      case .command(let words):
        try await Settings.$current.withValue(settings) { try await runCommand(words) }
      case .overview(let options): try await Overview.show(options, settings)
      case .help(let help): Console.write(TerminalText(lines: help.text))
      case .program(let path, let words, let environment):
        // A program of the shell's means the cluster that the shell means.
        if isShell { try? await Connection.shared?.meet() }
        try GlobalOptions.checkPlace(arguments, settings)
        return try await ExternalProgram.run(path, words, environment, isShell: isShell)
      }
      return 0
    } catch let failure as Failure {
      ErrorReport(
        failure.error, asJSON: failure.asJSON || isJSON,
        isAboutChange: failure.isAboutChange || isChange(arguments)
      ).print()
      return failure.status.rawValue
    } catch let error as PDBError {
      ErrorReport(error, asJSON: isJSON, isAboutChange: isChange(arguments)).print()
      return ExitStatus(error).rawValue
    } catch let failure as UsageFailure {
      failure.print(asJSON: isJSON)
      return ExitStatus.usage.rawValue
    } catch let code as ExitCode {
      return code.rawValue
    } catch is CancellationError {
      return ExitStatus.interrupted.rawValue
    } catch {
      return report(error)
    }
  }

  private static func asksForJSON(_ words: [String]) -> Bool {
    words.prefix { $0 != "--" }.contains("--json")
  }

  /// The settings; none where help or the version is asked for and the configuration is invalid.
  private static func settings(for arguments: [String]) throws -> Settings {
    do {
      return try Settings()
    } catch {
      let words: Set = ["--help", "-h", "--version", "help"]
      guard !words.isDisjoint(with: arguments) else { throw error }
      return .none
    }
  }

  /// Whether words are a command that was to change something.
  private static func isChange(_ arguments: [String]) -> Bool {
    guard case .command(let words)? = try? Dispatch(arguments, (try? Settings()) ?? .none) else {
      return false
    }
    return (try? parseAsRoot(words)) is any ChangesCluster
  }

  private static func runCommand(_ words: [String]) async throws {
    do {
      var command = try PDB.parseAsRoot(words)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let code as ExitCode {
      throw code
    } catch let error as PDBError {
      // An alias may ask for it.
      throw Failure(error: error, asJSON: asksForJSON(words))
    } catch {
      throw UsageFailure(error, words) ?? error
    }
  }

  /// What the parser has to say besides usage errors: the version.
  private static func report(_ error: any Error) -> Int32 {
    let code = PDB.exitCode(for: error)
    if code == .success {
      Console.write(TerminalText(lines: PDB.fullMessage(for: error)))
    } else {
      Console.writeError(TerminalText(lines: PDB.fullMessage(for: error)))
    }
    return code.rawValue
  }
}

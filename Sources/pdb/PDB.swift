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
      Start a node with 'pdb node start', or a whole cluster in one terminal with 'pdb lab up'.
      Then try 'pdb task add "Học Python"' and 'pdb task ls'.
      """,
    version: "pdb \(pdbVersion)",
    subcommands: [
      NodeCommand.self, LabCommand.self, TaskCommand.self, KVCommand.self, ClusterCommand.self,
    ])

  static func main() async {
    // Output may end early (`pdb task ls | head -1`); that is the reader's right.
    signal(SIGPIPE, SIG_DFL)
    let arguments = GlobalOptions.movedBehindCommand(Array(CommandLine.arguments.dropFirst()))
    do {
      var command = try PDB.parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let failure as Failure {
      ErrorReport(failure.error, asJSON: failure.asJSON).print()
      Foundation.exit(failure.status.rawValue)
    } catch let error as PDBError {
      ErrorReport(error, asJSON: arguments.contains("--json")).print()
      Foundation.exit(ExitStatus(error).rawValue)
    } catch let code as ExitCode {
      Foundation.exit(code.rawValue)
    } catch {
      PDB.report(error, arguments)
    }
  }

  /// What the parser has to say: help and version on stdout, usage errors on stderr.
  private static func report(_ error: any Error, _ arguments: [String]) -> Never {
    let code = PDB.exitCode(for: error)
    if code == .success || !arguments.contains("--json") { PDB.exit(withError: error) }
    ErrorReport(
      PDBError(.badRequest, PDB.message(for: error), hint: "'pdb --help' lists the commands"),
      asJSON: true
    ).print()
    Foundation.exit(code.rawValue)
  }
}

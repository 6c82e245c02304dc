// `pdb-versus`: how fast pdb is, beside etcd and as it grows, as tables for a README.

import ArgumentParser
import Foundation

@main
struct PDBVersus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pdb-versus", abstract: "Measure pdb, as tables in Markdown.",
    discussion: """
      Clusters of durable nodes run on this machine, one at a time, and the load generator \
      beside them. Ctrl-C ends everything.
      """,
    subcommands: [Versus.self, Watched.self, Growth.self], defaultSubcommand: Versus.self)
}

struct Options: ParsableArguments {
  @Option(name: .long, help: "The pdb to measure.")
  var program = ".build/release/pdb"

  @Option(name: .long, help: "How long each load lasts.")
  var seconds = 3

  @Option(name: .long, help: "How often everything is measured; medians are told.")
  var rounds = 3

  func validate() throws {
    guard seconds > 0, rounds > 0 else {
      throw ValidationError("--seconds and --rounds must be more than 0")
    }
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw ValidationError("there is no program '\(program)'; 'make release' builds it")
    }
  }
}

/// Something that could not be measured, in words for the user.
struct Failure: Error, CustomStringConvertible {
  let description: String
}

/// What is under way, on stderr: stdout is for tables.
func say(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }

extension [Double] {
  var median: Double {
    let sorted = sorted()
    let middle = count / 2
    return count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

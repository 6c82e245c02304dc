// `pdb-fuzz replay`: inputs that libFuzzer found, once more.

#if !LIBFUZZER
  import ArgumentParser
  import Foundation
  import PDBModel

  struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "replay", abstract: "Runs inputs against nodes in memory.")

    @Argument(help: "What they are scripts of: peers or http.") var target: FuzzTarget
    @Argument(help: "Files with one input each.") var files: [String]

    func run() throws {
      for file in files {
        target.runBlocking(Bytes(try Data(contentsOf: URL(fileURLWithPath: file))))
      }
    }
  }

  extension FuzzTarget: ExpressibleByArgument {}
#endif

// pdb-fuzz: what the fuzzers found, and what they make up, for nodes in memory and for running ones.

#if !LIBFUZZER
  import ArgumentParser

  @main
  struct PDBFuzz: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pdb-fuzz", abstract: "What peers and clients may send to a node, made up.",
      subcommands: [ReplayCommand.self, PeersCommand.self, HTTPCommand.self])
  }
#endif

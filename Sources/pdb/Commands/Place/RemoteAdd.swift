// `pdb remote add`

import ArgumentParser
import Foundation
import PDBKit

struct RemoteAdd: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Give a cluster a name.",
    discussion: """
      One node's address is enough; the others are found. --token-file, --cluster-key and \
      --tls-ca are kept.
      """)

  static let examples = [
    Example("pdb remote add lab 127.0.0.1:4000", "Call a cluster 'lab':"),
    Example("pdb remote add main etcd://10.0.0.1:2379/pdb/main", "Call keys of an etcd 'main':"),
  ]

  @Argument(help: "The name.")
  var name: String

  @Argument(help: ArgumentHelp("Nodes of the cluster, or an etcd.", valueName: "addr"))
  var nodes: [String]

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let file = try RemoteFile()
    try file.checkFree(name)
    var remote = try Remote(name: name, at: nodes)
    remote.security.key = try options.clusterKey.map(KeyHash.init(parsing:))
    remote.security.authorities = options.tlsAuthorities.map {
      URL(fileURLWithPath: $0).standardizedFileURL.path
    }
    if let path = options.tokenFile {
      _ = try SecretFile.read(path, "token")
      remote.tokenFile = URL(fileURLWithPath: path).standardizedFileURL.path
    }
    remote.identity = try await remote.identified(options, file.settings)
    let isUsed = try RemoteFile.change { [remote] file in
      // It may have been taken while the cluster was asked.
      try file.checkFree(name)
      file.write(remote)
      return file.isUsed(name)
    }
    if isUsed, !options.quiet {
      Console.writeError("note: '\(Setting.remote.rawValue)' names \(name): commands mean it now")
    }
    if options.json { return Console.write(json: remote.json) }
    guard !options.quiet, Console.isTerminal(.output) else { return }
    Console.write(
      remote.identity.map { "added remote \(name): cluster \($0.cluster)" }
        ?? """
        added remote \(name); no node answers now, so it will stand for the cluster that answers \
        first
        """)
    if !isUsed { Console.write(Style(for: .output).dim("use it:  pdb use \(name)")) }
  }
}

// `pdb init`

import ArgumentParser
import Foundation
import PDBKit

struct InitCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make a database in a folder, or in an etcd.",
    discussion: """
      The data are in '.pdb', which commands find from that folder and from all below it. No server is \
      needed; 'pdb node start' serves the same files, and lets them grow into a cluster.

      With '--db etcd://HOST:PORT/PREFIX' the data are below that prefix of an etcd; nothing else may write \
      there.
      """)

  static let examples = [
    Example("pdb init", "Make a database in this folder:"),
    Example("pdb init ~/notes", "Make one elsewhere:"),
    Example("pdb init --db etcd://10.0.0.1:2379/pdb/main", "Make one in an etcd:"),
  ]

  @Argument(help: ArgumentHelp("The folder; made if it does not exist.", valueName: "folder"))
  var folder = "."

  @OptionGroup var options: GlobalOptions

  private var isAboutEtcd: Bool { options.db.map(EtcdAddress.isMeant) ?? false }

  func validate() throws {
    guard !isAboutEtcd else {
      guard folder == "." else { throw ValidationError("name a folder or an etcd, not both") }
      return
    }
    try options.refusePlace("pdb init FOLDER makes a new place")
  }

  func run() async throws {
    if isAboutEtcd {
      return try await Session.run(options) { try await makeDatabase($0.connection.etcd!) }
    }
    // The data are for their owner only.
    umask(0o077)
    let (made, isNew) = try DataFolder.make(in: folder)
    if let warning = made.warning, !options.quiet {
      Console.writeError("warning: \(TerminalText(message: warning))")
    }
    if options.json {
      return Console.write(json: [
        "path": .string(made.path), "cluster": JSON(made.cluster?.cluster), "created": .bool(isNew),
      ])
    }
    tell(isNew, made.path)
  }

  private func makeDatabase(_ store: EtcdStore) async throws {
    let isNew = try await store.begin()
    let identity = try await store.identity()
    if options.json {
      return Console.write(json: [
        "path": .string(store.address.description), "cluster": .string(identity.cluster),
        "created": .bool(isNew),
      ])
    }
    tell(isNew, store.address.description)
  }

  private func tell(_ isNew: Bool, _ place: String) {
    guard !options.quiet else { return }
    Console.write(
      isNew
        ? "made a database in \(place)"
        : "there is a database in \(place) already; nothing was changed")
  }
}

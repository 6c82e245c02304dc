// `pdb lab up`

import ArgumentParser
import Foundation
import Logging
import PDBKit
import UnixSignals

struct LabUp: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "up", abstract: "Start a cluster of several nodes on this machine.",
    discussion: "Every node is a process of its own. Ctrl-C stops them all.")

  static let examples = [
    Example("pdb lab up --nodes 3", "Start three nodes in this terminal:")
  ]

  @Option(name: .long, help: ArgumentHelp("How many nodes.", valueName: "count"))
  var nodes: Int = 4

  @Option(name: .long, help: "The port of the first node; the others follow.")
  var port: Int = 4000

  @Option(
    name: .long, help: ArgumentHelp("The folder of the nodes' files.", valueName: "dir"))
  var dataDir: String = ".pdb"

  func validate() throws {
    guard (1...9).contains(nodes) else { throw ValidationError("--nodes must be from 1 to 9") }
    guard port > 0, port <= 65536 - nodes else {
      throw ValidationError("--port must leave room for \(nodes) ports up to 65535")
    }
  }

  func run() async throws {
    let addresses = (0..<nodes).map { NodeAddress(host: "127.0.0.1", port: port + $0) }
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup, .sigpipe)
    let lab = try await Lab(addresses, dataDirectory: dataDir)
    defer { LabControl.forget(in: dataDir) }
    do {
      try await run(lab, until: signals)
    } catch {
      await lab.stop()
      throw error
    }
    await lab.stop()
  }

  /// Returns when a signal comes.
  private func run(_ lab: Lab, until signals: UnixSignalsSequence) async throws {
    let (urls, url) = AsyncStream.makeStream(of: String.self)
    let controls = ControlServer(
      logger: Logger(label: "pdb.lab") { _ in SwiftLogNoOpLogHandler() },
      isListening: { url.yield($0) }, handler: lab.obey)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        for await _ in signals { break }
        return true
      }
      group.addTask {
        try await lab.waitForEnd()
        return true
      }
      group.addTask {
        try await controls.run()
        return true
      }
      group.addTask {
        try await lab.remind()
        return true
      }
      group.addTask { [dataDir] in
        for await url in urls {
          let client = ControlClient(url: url, token: controls.token)
          try LabControl.keep(client, in: dataDir)
          if await lab.waitForLeader() {
            lab.welcome(page: LabControl.page(of: lab.addresses[0], client))
          }
          break
        }
        return false
      }
      defer { group.cancelAll() }
      while let isOver = try await group.next(), !isOver {}
    }
  }
}

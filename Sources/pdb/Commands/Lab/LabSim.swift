// `pdb lab sim`

import ArgumentParser
import Foundation
import Logging
import PDBKit
import Simulation
import UnixSignals

struct LabSim: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "sim", abstract: "Play, stop and take back a simulated cluster in a browser.",
    discussion: """
      The nodes are those that also run in production; network, disks and clocks are simulated, from one seed. The \
      same seed gives the same life. A bug can be planted, and the checkers that every change of pdb must pass \
      catch it on the screen. With --json the life is printed.
      """)

  static let examples = [
    Example("pdb lab sim", "Open the time machine:"),
    Example("pdb lab sim --seed 7 --bug votesTwice", "Watch a node that votes twice:"),
  ]

  @Option(name: .long, help: "What the life is drawn from.")
  var seed: UInt64 = 1

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How many nodes; without it the seed decides, and things go wrong.",
      valueName: "count"))
  var nodes: Int?

  @Option(name: .long, help: ArgumentHelp("A rule that is broken on purpose.", valueName: "name"))
  var bug: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What shall happen, as in 100:cut:1:2,200:heal; crash, start, pause, cut, heal.",
      valueName: "tick:what,..."))
  var orders: String?

  @Option(name: .long, help: "The port of the page.")
  var port: Int = 0

  @OptionGroup var options: GlobalOptions

  private var life: SimulatedLife {
    get throws {
      try SimulatedLife([
        "seed": String(seed), "nodes": nodes.map(String.init) ?? "", "bug": bug ?? "",
        "orders": orders ?? "",
      ])
    }
  }

  func run() async throws {
    try options.refusePlace("the cluster is simulated")
    let life = try life
    if options.json { return Console.write(json: life.film.json) }
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    let query = life.query
    let server = PageServer(
      index: "machine.html", port: port,
      logger: Logger(label: "pdb.sim") { _ in SwiftLogNoOpLogHandler() },
      isListening: { url in
        Console.write("The time machine is at \(url)/\(query)\nCtrl-C ends it.")
      }, handler: SimulatedLife.answer)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { for await _ in signals { break } }
      group.addTask { try await server.run() }
      try await group.next()
      group.cancelAll()
    }
  }
}

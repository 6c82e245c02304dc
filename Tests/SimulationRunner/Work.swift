// `pdb-sim work`: the inside of a worker process.

import ArgumentParser
import Foundation
import Raft
import Simulation

/// Runs a share of the seeds and reports each of them to the parent process.
struct Work: ParsableCommand {
  static let configuration = CommandConfiguration(shouldDisplay: false)

  @Option var first: UInt64
  @Option var count: UInt64
  @Option var stride: UInt64
  @Flag var diary = false
  @Option var bug: String?

  func run() throws {
    let bug = try bug.map(planted)
    var situations = Situations()
    for number in 0..<count {
      let seed = first + number * stride
      say(.began(seed))
      let simulation = Simulation(
        seed: seed, bug: bug, diary: diary ? { text in say(.diary(text)) } : nil)
      let report = simulation.run()
      situations.add(report.situations)
      say(.ended(Ending(report)))
      if let violation = report.violation {
        say(.broken(Failure(seed: seed, reason: violation.description)))
        if bug != nil { return }
      }
    }
    say(.situations(situations))
  }

  /// Without a buffer, so that nothing is lost in a trap.
  private func say(_ line: Line) {
    FileHandle.standardOutput.write(Data((line.text + "\n").utf8))
  }

  private func planted(_ name: String) throws -> PlantedBug {
    guard let bug = PlantedBug(rawValue: name) else {
      throw ValidationError("there is no planted bug '\(name)'")
    }
    return bug
  }
}

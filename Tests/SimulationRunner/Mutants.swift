// `pdb-sim mutants`: does the simulator find bugs that were planted?

import ArgumentParser
import Raft
import Simulation

/// Runs seeds against every planted bug until it is caught.
struct Mutants: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Plant each known bug and count the seeds until it is caught.")

  @Option(help: "After how many seeds a bug counts as missed.")
  var maxSeeds: UInt64 = 2000

  @Option(help: "How many processes share the work.")
  var jobs = 2

  @Option(help: "Only this bug.")
  var bug: String?

  func run() async throws {
    let bugs = PlantedBug.allCases.map(\.rawValue).filter { bug == nil || $0 == bug }
    var caught: [UInt64] = []
    var missed: [String] = []
    await withTaskGroup(of: (String, Failure?).self) { group in
      var waiting = bugs[...]
      func addNext() {
        guard let bug = waiting.popFirst() else { return }
        group.addTask { (bug, await hunt(bug)) }
      }
      for _ in 0..<jobs { addNext() }
      while let (bug, failure) = await group.next() {
        addNext()
        let name = bug + String(repeating: " ", count: max(0, 24 - bug.count))
        if let failure {
          caught.append(failure.seed)
          print(name, "seed \(failure.seed):", failure.reason.prefix(110))
        } else {
          missed.append(bug)
          print(name, "MISSED in \(maxSeeds) seeds")
        }
      }
    }
    caught.sort()
    if let worst = caught.last {
      print(
        "\(caught.count) of \(bugs.count) caught; median \(caught[caught.count / 2]) seeds, worst \(worst)"
      )
    }
    if !missed.isEmpty {
      print("missed: \(missed.joined(separator: ", "))")
      throw ExitCode.failure
    }
  }

  private func hunt(_ bug: String) async -> Failure? {
    if let kept = PlantedBug(rawValue: bug)?.keptSeed,
      let failure = await hunt(bug, from: kept, count: 1)
    {
      return failure
    }
    return await hunt(bug, from: 1, count: maxSeeds)
  }

  private func hunt(_ bug: String, from first: UInt64, count: UInt64) async -> Failure? {
    let worker = Worker(first: first, count: count, stride: 1, bug: bug)
    var failure: Failure?
    let crash = await worker.run { line in
      if case .broken(let broken) = line { failure = broken }
    }
    return failure ?? crash
  }
}

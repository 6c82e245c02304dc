// Sums over many seeds.

import Foundation
import Simulation

/// What came of a number of seeds.
struct Tally: Sendable {
  private(set) var seeds = 0
  private(set) var events: UInt64 = 0
  private(set) var ticks: UInt64 = 0
  private(set) var operations: UInt64 = 0
  private(set) var unjudged: UInt64 = 0
  /// The sum of everything that happened, by seed.
  private(set) var hashes: [UInt64: UInt64] = [:]
  private(set) var situations = Situations()
  /// In the order of their seeds.
  private(set) var failures: [Failure] = []

  mutating func add(_ line: Line) {
    switch line {
    case .began, .diary: break
    case .ended(let ending):
      seeds += 1
      events += ending.events
      ticks += ending.ticks
      operations += ending.operations
      unjudged += ending.unjudged
      hashes[ending.seed] = ending.hash
    case .broken(let failure): add(failure)
    case .situations(let situations): self.situations.add(situations)
    }
  }

  mutating func add(_ failure: Failure) {
    failures.append(failure)
    failures.sort { $0.seed < $1.seed }
  }

  mutating func add(_ other: Tally) {
    seeds += other.seeds
    events += other.events
    ticks += other.ticks
    operations += other.operations
    unjudged += other.unjudged
    hashes.merge(other.hashes) { $1 }
    situations.add(other.situations)
    for failure in other.failures { add(failure) }
  }

  // MARK: For people

  func printTable() {
    let counts = Situation.allCases.map { String(situations[$0]) }
    let width = counts.map(\.count).max() ?? 0
    for (situation, count) in zip(Situation.allCases, counts) {
      print(String(repeating: " ", count: width - count.count) + count, situation.rawValue)
    }
  }

  func printSpeed(seconds: Double) {
    func perSecond(_ count: Double) -> Int { Int((count / seconds).rounded()) }
    print(
      "\(seeds) seeds in \(Int(seconds.rounded())) s: \(perSecond(Double(seeds))) seeds/s,",
      "\(perSecond(Double(events))) events/s, \(ticks) ticks simulated")
    print(
      "\(operations) operations of clients judged, \(unjudged) histories of keys too hard to judge")
  }
}

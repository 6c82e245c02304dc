// `pdb-sim run`: many seeds, or one with its diary.

import ArgumentParser
import Simulation

/// Runs seeds and says which of them broke a promise.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run many seeds, or repeat one of them.",
    discussion: """
      A run of a thousand seeds or more also fails if one of the named situations never \
      happened: then the generator is blind.
      """)

  @Option(help: "How many seeds to run, from --first on.")
  var seeds = 1000

  @Option(help: "The first of them.")
  var first: UInt64 = 1

  @Option(help: "Run this seed alone, and print the sum of everything that happened in it.")
  var seed: UInt64?

  @Flag(help: "With --seed: print the end of its diary even if all is well.")
  var trace = false

  @Option(help: "How many lines of a diary to print.")
  var lines = 200

  @Option(help: "How many processes share the work.")
  var jobs = 2

  mutating func validate() throws {
    guard seeds > 0, jobs > 0, lines > 0 else {
      throw ValidationError("--seeds, --jobs and --lines must be positive")
    }
  }

  func run() async throws {
    if let seed {
      let outcome = await Repetition(seed: seed, lines: lines).run(showsAlways: trace)
      if !outcome { throw ExitCode.failure }
      return
    }
    let began = ContinuousClock.now
    let tally = await runAll()
    let seconds = (ContinuousClock.now - began).seconds
    if let seed = await firstUnstableSeed(tally) {
      print(
        "seed \(seed) took another course in another process: the simulator is not deterministic")
      throw ExitCode.failure
    }
    tally.printTable()
    tally.printSpeed(seconds: seconds)
    for failure in tally.failures.prefix(5) {
      print("seed \(failure.seed): \(failure.reason)")
    }
    if let worst = tally.failures.first {
      print("\n\(tally.failures.count) seeds failed. The first of them:")
      _ = await Repetition(seed: worst.seed, lines: lines).run(showsAlways: false)
      throw ExitCode.failure
    }
    let unseen = tally.situations.unseen
    if seeds >= 1000, !unseen.isEmpty {
      print("the generator is blind: \(unseen.map(\.rawValue).joined(separator: "; "))")
      throw ExitCode.failure
    }
  }

  /// Each job takes every so-many-th seed; after a crash it goes on with the next one.
  private func runAll() async -> Tally {
    await withTaskGroup(of: Tally.self) { group in
      for job in 0..<jobs {
        group.addTask { await runShare(of: job) }
      }
      return await group.reduce(into: Tally()) { $0.add($1) }
    }
  }

  /// Runs some seeds again, in a process that hashes otherwise and lies elsewhere in memory.
  private func firstUnstableSeed(_ tally: Tally) async -> UInt64? {
    var again = Tally()
    let worker = Worker(first: first, count: min(20, UInt64(seeds)), stride: 1)
    _ = await worker.run { again.add($0) }
    return again.hashes.filter { tally.hashes[$0.key] ?? $0.value != $0.value }.keys.min()
  }

  private func runShare(of job: Int) async -> Tally {
    var tally = Tally()
    var next = first + UInt64(job)
    let end = first + UInt64(seeds)
    while next < end {
      let count = (end - next + UInt64(jobs) - 1) / UInt64(jobs)
      let worker = Worker(first: next, count: count, stride: UInt64(jobs))
      guard let crash = await worker.run({ tally.add($0) }) else { return tally }
      tally.add(crash)
      next = crash.seed + UInt64(jobs)
    }
    return tally
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

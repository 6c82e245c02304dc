// What a load found out.

import Histogram
import PDBClient

/// How many requests were answered, how fast, and what failed.
public struct LoadReport: Sendable {
  /// The kinds of requests that are counted apart.
  public enum Kind: String, CaseIterable, Sendable {
    /// Reads of keys.
    case read
    /// Changes of keys or tasks.
    case change
  }

  /// The requests of one kind that succeeded.
  public struct Part: Sendable {
    /// How many succeeded.
    public internal(set) var requests = 0
    /// How many keys or tasks they were about.
    public internal(set) var keys = 0
    /// How long those took.
    public internal(set) var latency = Latency()
  }

  /// What succeeded, by kind; a kind that was not asked for is missing.
  public internal(set) var parts: [Kind: Part] = [:]
  /// How often which error was met.
  public internal(set) var failures: [String: Int] = [:]
  /// From the first request to the last answer.
  public internal(set) var duration = Duration.zero

  /// How many requests succeeded.
  public var requests: Int { parts.values.reduce(0) { $0 + $1.requests } }
  /// How many requests failed.
  public var errors: Int { failures.values.reduce(0, +) }

  mutating func succeeded(_ request: LoadRequest, after time: Duration) {
    parts[request.kind, default: Part()].requests += 1
    parts[request.kind]!.keys += request.count
    parts[request.kind]!.latency.record(time)
  }

  mutating func failed(_ reason: String) { failures[reason, default: 0] += 1 }
}

/// How long requests took: an HdrHistogram with three digits, so every figure is right to 0.1 %.
public struct Latency: Sendable {
  private var histogram = Histogram<UInt64>(
    highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: .three)

  mutating func record(_ time: Duration) {
    histogram.record(UInt64(Swift.max(0, time / .microseconds(1))))
  }

  /// Milliseconds.
  public var mean: Double { histogram.mean / 1000 }
  /// Milliseconds.
  public var max: Double { Double(histogram.max) / 1000 }

  /// How long the fastest `percent` of a hundred requests took at most, in milliseconds.
  public func percentile(_ percent: Double) -> Double {
    Double(histogram.valueAtPercentile(percent)) / 1000
  }

  /// How many requests took how long: every step doubles the time.
  ///
  /// - Returns: the upper ends of the steps in milliseconds, and the counts, without empty steps
  ///   at either end.
  public var steps: [(limit: Double, count: Int)] {
    var steps: [(limit: Double, count: Int)] = []
    var lower: UInt64 = 0
    while lower <= histogram.max {
      let upper = Swift.max(1, lower) * 2
      steps.append((Double(upper) / 1000, Int(histogram.count(within: lower...(upper - 1)))))
      lower = upper
    }
    return Array(steps.drop { $0.count == 0 })
  }
}

// What a worker tells its parent, one line each.

import Simulation

/// How a seed ended, in numbers.
struct Ending: Sendable {
  let seed: UInt64
  let events: UInt64
  let ticks: UInt64
  let operations: UInt64
  let unjudged: UInt64
  let hash: UInt64

  init(_ report: Report) {
    seed = report.seed
    events = report.events
    ticks = report.ticks
    operations = UInt64(report.operations)
    unjudged = UInt64(report.unjudged)
    hash = report.hash
  }

  var encoded: String {
    [seed, events, ticks, operations, unjudged, hash].map(String.init).joined(separator: " ")
  }

  init?(encoded: Substring) {
    let numbers = encoded.split(separator: " ").compactMap { UInt64($0) }
    guard numbers.count == 6 else { return nil }
    (seed, events, ticks) = (numbers[0], numbers[1], numbers[2])
    (operations, unjudged, hash) = (numbers[3], numbers[4], numbers[5])
  }
}

/// A line of a worker's output.
enum Line {
  case began(UInt64)
  case ended(Ending)
  case broken(Failure)
  case situations(Situations)
  case diary(String)

  var text: String {
    switch self {
    case .began(let seed): "began \(seed)"
    case .ended(let ending): "ended \(ending.encoded)"
    case .broken(let failure): "broken \(failure.seed) \(failure.reason.onOneLine)"
    case .situations(let situations): "situations \(situations.encoded)"
    case .diary(let text): text.split(separator: "\n").map { "diary \($0)" }.joined(separator: "\n")
    }
  }

  init?(_ text: String) {
    let (kind, rest) = text.splitAtSpace
    switch kind {
    case "began":
      guard let seed = UInt64(rest) else { return nil }
      self = .began(seed)
    case "ended":
      guard let ending = Ending(encoded: rest) else { return nil }
      self = .ended(ending)
    case "broken":
      let (seed, reason) = String(rest).splitAtSpace
      guard let seed = UInt64(seed) else { return nil }
      self = .broken(Failure(seed: seed, reason: String(reason).onSeveralLines))
    case "situations":
      guard let situations = Situations(encoded: String(rest)) else { return nil }
      self = .situations(situations)
    case "diary": self = .diary(String(rest))
    default: return nil
    }
  }
}

extension String {
  fileprivate var splitAtSpace: (Substring, Substring) {
    guard let space = firstIndex(of: " ") else { return (self[...], "") }
    return (self[..<space], self[index(after: space)...])
  }

  fileprivate var onOneLine: String { split(separator: "\n").joined(separator: "\u{1F}") }
  fileprivate var onSeveralLines: String {
    split(separator: "\u{1F}").joined(separator: "\n")
  }
}

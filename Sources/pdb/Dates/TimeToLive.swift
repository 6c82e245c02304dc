// Lengths of time as users write them.

import ArgumentParser
import PDBKit

/// A length of time: `500ms`, `30s`, `5m`, `2h`, `7d`, `1w`, or seconds without a unit.
struct TimeLength: ExpressibleByArgument {
  let duration: Duration

  private static let units: [(name: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ("w", 604_800_000), ("", 1000),
  ]

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && $0.isNumber }
    let name = argument.dropFirst(digits.count)
    guard let number = Int64(digits), let unit = Self.units.first(where: { $0.name == name })
    else { return nil }
    let (product, isOverflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
    guard !isOverflow, (1...315_360_000_000).contains(product) else { return nil }
    duration = .milliseconds(product)
  }

  static var defaultCompletionKind: CompletionKind { .list(["30s", "5m", "2h", "7d"]) }
}

extension Duration {
  /// As ``TimeLength`` reads it, to the second, the two largest units.
  var words: String {
    var rest = (milliseconds + 999) / 1000
    var parts: [String] = []
    for (name, seconds) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] as [(String, Int64)] {
      if rest >= seconds, parts.count < 2 { parts.append("\(rest / seconds)\(name)") }
      rest %= seconds
    }
    return parts.isEmpty ? "0s" : parts.joined(separator: " ")
  }
}

// What a benchmark says in the end: a table, bars, or JSON.

import Foundation
import PDBKit

/// The findings of a load, for people and for programs.
struct BenchReport {
  private let plan: LoadPlan
  private let report: LoadReport
  private let parts: [(kind: LoadReport.Kind, part: LoadReport.Part)]

  private static let percentiles: [(name: String, percent: Double)] = [
    ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("p99.99", 99.99),
  ]

  init(_ plan: LoadPlan, _ report: LoadReport) {
    self.plan = plan
    self.report = report
    parts = LoadReport.Kind.allCases.compactMap { kind in
      report.parts[kind].map { (kind, $0) }
    }
  }

  private var seconds: Double { report.duration / .seconds(1) }

  // MARK: For programs

  var json: JSON {
    [
      "op": .string(plan.work.rawValue),
      "clients": JSON(plan.clients),
      "batch": JSON(plan.batch),
      "keys": JSON(plan.keys),
      "value_bytes": JSON(plan.valueBytes),
      "rate": plan.rate.map { .number(Self.text($0, 3)) } ?? .null,
      "consistency": plan.isStale ? "stale" : "linearizable",
      "seconds": .number(Self.text(seconds, 3)),
      "results": .array(parts.map(json)),
      "errors": JSON(report.errors),
      "failures": .object(failures.map { .init($0.reason, JSON($0.count)) }),
    ]
  }

  private func json(_ kind: LoadReport.Kind, _ part: LoadReport.Part) -> JSON {
    let latency = part.latency
    return .object(
      [
        .init("kind", .string(kind.rawValue)),
        .init("requests", JSON(part.requests)),
        .init("requests_per_second", .number(Self.text(Double(part.requests) / seconds, 1))),
        .init("keys_per_second", .number(Self.text(Double(part.keys) / seconds, 1))),
        .init("mean_ms", .number(Self.text(latency.mean, 3))),
      ]
        + Self.percentiles.map { name, percent in
          let text = Self.text(latency.percentile(percent), 3)
          return .init(name.replacing(".", with: "_") + "_ms", .number(text))
        } + [.init("max_ms", .number(Self.text(latency.max, 3)))])
  }

  // MARK: For people

  func print(_ options: GlobalOptions) {
    var table = Table(
      [Table.Column(title: "KIND", isPhrase: true)]
        + (["REQUESTS", "PER SECOND", "KEYS/S", "MEAN MS"] as [TerminalText]).map {
          .init(title: $0, isNumber: true)
        } + Self.percentiles.map { .init(title: "\($0.name.uppercased())", isNumber: true) }
        + [.init(title: "MAX", isNumber: true)])
    for (kind, part) in parts {
      let latency = part.latency
      table.add(
        [
          kind.rawValue, String(part.requests), Self.text(Double(part.requests) / seconds, 0),
          Self.text(Double(part.keys) / seconds, 0), Self.text(latency.mean, 3),
        ]
          + Self.percentiles.map { Self.text(latency.percentile($0.percent), 3) }
          + [Self.text(latency.max, 3)])
    }
    table.print()
    if Console.isTerminal(.output) && !options.quiet {
      for (kind, part) in parts { draw(kind, part) }
    }
    let style = Style(for: .error)
    for (reason, count) in failures {
      Console.writeError(style.red("\(count) failed: \(TerminalText(message: reason))"))
    }
  }

  /// A bar for every doubling of the time.
  private func draw(_ kind: LoadReport.Kind, _ part: LoadReport.Part) {
    let style = Style(for: .output)
    let steps = part.latency.steps
    let most = steps.map(\.count).max() ?? 1
    let width = max(10, Console.columns - 36)
    Console.write("\n \(style.dim("how long a \(TerminalText(message: kind.rawValue)) took"))")
    for (limit, count) in steps {
      let share = 100 * Double(count) / Double(part.requests)
      let label: TerminalText = "under \(Self.time(limit))"
      let bar = String(
        repeating: "█", count: Int((Double(width * count) / Double(most)).rounded(.up)))
      let percent = Self.text(share, 2)
      let margin = String(repeating: " ", count: max(0, 16 - label.string.displayWidth))
      let blanks = String(repeating: " ", count: max(0, 8 - percent.count))
      Console.write(" \(margin)\(label)\(blanks)\(percent) %  \(bar)")
    }
  }

  private var failures: [(reason: String, count: Int)] {
    report.failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { ($0.key, $0.value) }
  }

  private static func time(_ milliseconds: Double) -> String {
    if milliseconds < 1 { return "\(text(milliseconds * 1000, 0)) µs" }
    return milliseconds < 1000 ? "\(text(milliseconds, 1)) ms" : "\(text(milliseconds / 1000, 1)) s"
  }

  private static func text(_ number: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", number)
  }
}

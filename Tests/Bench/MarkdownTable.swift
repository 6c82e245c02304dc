// Tables as they stand in a README.

import Foundation

/// Rows of cells; the first row names the columns.
struct MarkdownTable {
  private var rows: [[String]]

  init(_ titles: String...) { rows = [titles] }

  mutating func add(_ cells: String...) { rows.append(cells) }

  var text: String {
    let line = { (cells: [String]) in "| " + cells.joined(separator: " | ") + " |\n" }
    return line(rows[0]) + line(rows[0].map { _ in "---" }) + rows.dropFirst().map(line).joined()
  }
}

extension Double {
  /// With thousands separated, as in `12,345`.
  var rounded: String {
    var digits = String(Int(rounded(.toNearestOrAwayFromZero)))
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return ([digits] + groups).joined(separator: ",")
  }

  func text(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}

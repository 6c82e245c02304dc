// Rows of data: a table for people, tab-separated values for programs.

import PDBKit

/// Rows with named columns; the last column holds free text.
struct Table {
  struct Column {
    let title: String
    /// Numbers align to the right.
    var isNumber = false
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  init(_ columns: Column...) { self.columns = columns }

  init(_ columns: [Column]) { self.columns = columns }

  var isEmpty: Bool { rows.isEmpty }

  mutating func add(_ row: String...) { add(row) }

  mutating func add(_ row: [String]) {
    precondition(row.count == columns.count, "a row has a cell for every column")
    rows.append(row)
  }

  /// Prints for whoever reads stdout.
  func print() {
    if Console.isTerminal(.output) {
      printTable(width: Console.columns)
    } else {
      for row in rows { Console.write(row.map(\.tabEscaped).joined(separator: "\t")) }
    }
  }

  private func printTable(width: Int) {
    guard !rows.isEmpty else { return }
    let style = Style(for: .output)
    let cells = rows.map { $0.map(\.escapingControlCharacters) }
    var widths = columns.map(\.title.displayWidth)
    for row in cells {
      for (position, cell) in row.enumerated() {
        widths[position] = max(widths[position], cell.displayWidth)
      }
    }
    shrink(&widths, to: width)
    Console.write(style.dim(line(columns.map(\.title), widths)))
    for row in cells { Console.write(line(row, widths)) }
  }

  /// The free text at the end gives way first, down to a word; then whatever is widest, but no
  /// numbers.
  private func shrink(_ widths: inout [Int], to width: Int) {
    func excess() -> Int { widths.reduce(1) { $0 + $1 + 2 } - 2 - width }
    let last = widths.count - 1
    widths[last] = max(min(widths[last], 8), widths[last] - max(0, excess()))
    while excess() > 0 {
      let shrinkable = widths.indices.filter { !columns[$0].isNumber && widths[$0] > 4 }
      guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { return }
      widths[widest] -= 1
    }
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var parts: [String] = []
    for (position, cell) in cells.enumerated() {
      if position == cells.count - 1 {
        parts.append(cell.truncated(to: widths[position]))
      } else if columns[position].isNumber {
        parts.append(
          String(repeating: " ", count: max(0, widths[position] - cell.displayWidth)) + cell)
      } else {
        parts.append(cell.truncated(to: widths[position]).padded(to: widths[position]))
      }
    }
    return " " + parts.joined(separator: "  ")
  }
}

extension String {
  /// One cell of tab-separated values: `\t`, `\n` and `\\` escaped.
  var tabEscaped: String {
    var escaped = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\t": escaped += "\\t"
      case "\n": escaped += "\\n"
      case "\r": escaped += "\\r"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

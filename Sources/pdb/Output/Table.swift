// Rows of data: a table for people, tab-separated values for programs.

import PDBKit

/// Rows with named columns; the last column holds free text.
struct Table {
  struct Column {
    let title: TerminalText
    /// Numbers align to the right, and are never cut.
    var isNumber = false
    /// An address or a port: the first word is never cut.
    var keepsFirstWord = false
    /// Left out where there is little room for the free text.
    var isOptional = false
    /// Holds words of pdb: people read them in their language, programs in English.
    var isPhrase = false
  }

  private var columns: [Column]
  private var rows: [[String]] = []

  /// How narrow a column may become, and the free text before optional columns are left out.
  private static let (leastWidth, leastTextWidth) = (8, 20)

  init(_ columns: Column...) { self.columns = columns }

  init(_ columns: [Column]) { self.columns = columns }

  var isEmpty: Bool { rows.isEmpty }

  mutating func add(_ row: String...) { add(row) }

  mutating func add(_ row: [String]) {
    precondition(row.count == columns.count, "a row has a cell for every column")
    rows.append(row)
  }

  /// Prints a table on a terminal, elsewhere tab-separated values.
  func print() {
    if Console.isTerminal(.output) {
      Console.write(text: text(width: Console.columns))
    } else {
      for row in rows { Console.write(row: row) }
    }
  }

  /// The rows as a terminal shows them: as a table or, where it is too narrow for one, a cell a
  /// line.
  func text(width: Int) -> TerminalText {
    guard !rows.isEmpty else { return "" }
    var table = self
    table.rows = rows.map { row in
      zip(columns, row).map { column, cell in
        column.isPhrase ? TerminalText(message: cell).string : cell.escapingControlCharacters
      }
    }
    guard let widths = table.fit(width) else { return TerminalText(escaped: table.blocks) }
    let style = Style(for: .output)
    let head = TerminalText(escaped: table.line(table.columns.map(\.title.string), widths))
    let lines = table.rows.map { table.line($0, widths) + "\n" }
    return "\(style.dim(head))\n\(TerminalText(escaped: lines.joined()))"
  }

  /// Leaves out and cuts what there is no room for; returns the columns' widths, `nil` if there is
  /// still no room.
  private mutating func fit(_ width: Int) -> [Int]? {
    let full = fullWidths
    let last = columns.count - 1
    if let optional = columns.indices.last(where: { columns[$0].isOptional }),
      Self.excess(full, width) > 0,
      full[last] - Self.excess(full, width) < min(full[last], Self.leastTextWidth)
    {
      columns.remove(at: optional)
      for row in rows.indices { rows[row].remove(at: optional) }
      return fit(width)
    }
    let least = columns.indices.map { column in
      columns[column].isNumber ? full[column] : min(full[column], leastWidth(column))
    }
    // The free text at the end gives way first, then the widest column.
    var widths = full
    widths[last] = max(least[last], full[last] - max(0, Self.excess(full, width)))
    while Self.excess(widths, width) > 0 {
      let wide = widths.indices.filter { widths[$0] > least[$0] }
      guard let widest = wide.max(by: { widths[$0] < widths[$1] }) else { return nil }
      widths[widest] -= 1
    }
    return widths
  }

  private var fullWidths: [Int] {
    columns.indices.map { column in
      max(
        columns[column].title.string.displayWidth, rows.map { $0[column].displayWidth }.max() ?? 0)
    }
  }

  private func leastWidth(_ column: Int) -> Int {
    guard columns[column].keepsFirstWord else { return Self.leastWidth }
    let words = rows.map { row in
      let word = row[column].prefix { $0 != " " }
      // Where more follows, there is an ellipsis.
      return String(word).displayWidth + (word.count < row[column].count ? 2 : 0)
    }
    return max(Self.leastWidth, words.max() ?? 0)
  }

  /// How many columns of the terminal are missing: a blank at the beginning, two in between.
  private static func excess(_ widths: [Int], _ width: Int) -> Int {
    1 + widths.reduce(0, +) + 2 * (widths.count - 1) - width
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var parts: [String] = []
    for (position, cell) in cells.enumerated() {
      let width = widths[position]
      if columns[position].isNumber {
        parts.append(String(repeating: " ", count: max(0, width - cell.displayWidth)) + cell)
      } else {
        parts.append(cell.truncated(to: width).padded(to: width))
      }
    }
    let line = " " + parts.joined(separator: "  ")
    return columns.last?.isNumber == true ? line : String(line.trimmingEnd)
  }

  /// A cell a line, as `\x` of psql does.
  private var blocks: String {
    let width = columns.map(\.title.string.displayWidth).max() ?? 0
    let blocks = rows.map { row in
      zip(columns, row).map { " \($0.title.string.padded(to: width))  \($1)\n" }.joined()
    }
    return blocks.joined(separator: "\n")
  }
}

extension String {
  fileprivate var trimmingEnd: Substring {
    self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)]
  }

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

// "Did you mean": the known words nearest to a misspelt one.

enum Suggestion {
  /// The candidates that are at most a slip or two away, the nearest first.
  static func nearest(to word: String, of candidates: [String]) -> [String] {
    let limit = word.count <= 4 ? 1 : 2
    let scored = candidates.map { candidate in
      let isBeginning = word.count >= 2 && candidate.hasPrefix(word)
      return (isBeginning ? 0 : distance(Array(word), Array(candidate)), candidate)
    }
    return scored.filter { $0.0 <= limit }.sorted { $0 < $1 }.map(\.1)
  }

  /// Asks whether one of at most three words was meant; `nil` if there are none.
  static func question(_ words: [String]) -> String? {
    switch words.count {
    case 0: nil
    case 1: "did you mean '\(words[0])'?"
    case 2: "did you mean '\(words[0])' or '\(words[1])'?"
    default: "did you mean '\(words[0])' or '\(words[1])' or '\(words[2])'?"
    }
  }

  /// How many letters must be added, removed, replaced or exchanged with their neighbour
  /// (Damerau 1964, in the restricted form: no part is changed twice).
  ///
  /// - Complexity: O(n · m).
  static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var rows = [[Int](0...right.count)]
    for i in 0..<left.count {
      var row = [i + 1]
      for j in 0..<right.count {
        let replaced = rows[i][j] + (left[i] == right[j] ? 0 : 1)
        var best = min(row[j] + 1, rows[i][j + 1] + 1, replaced)
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
          best = min(best, rows[i - 1][j - 1] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[left.count][right.count]
  }
}

// Words that begin with a minus and a digit: values, not options.

extension CommandTree {
  /// Moves a command's positional words behind `--` if one of them looks like a negative number,
  /// which the parser would take for an option. No option of pdb begins with a digit.
  static func separatingNegativeNumbers(_ words: [String]) -> [String] {
    let words = readingCounts(words)
    let end = words.firstIndex(of: "--") ?? words.endIndex
    guard words[..<end].contains(where: \.looksNegative) else { return words }
    let (command, rest) = root.find(words[..<end])
    let takesValue = Set(command.arguments.filter { $0.value != nil }.flatMap(\.names))
    var options: [String] = []
    var positionals: [String] = []
    var isValue = false
    for word in rest {
      if isValue || word.hasPrefix("-") && word != "-" && !word.looksNegative {
        options.append(word)
        isValue = !isValue && takesValue.contains(word)
      } else {
        positionals.append(word)
      }
    }
    guard positionals.contains(where: \.looksNegative) else { return words }
    var moved = Array(words[..<end].dropLast(rest.count))
    moved += options
    moved.append("--")
    moved += positionals
    return moved + words[end...].dropFirst()
  }

  /// `log -3` is `log -n 3`, as in git.
  private static func readingCounts(_ words: [String]) -> [String] {
    let end = words.firstIndex(of: "--") ?? words.endIndex
    let (command, rest) = root.find(words[..<end])
    guard command.path == ["log"] else { return words }
    let counted = rest.flatMap { word in
      word.looksNegative && word.dropFirst().allSatisfy(\.isNumber)
        ? ["-n", String(word.dropFirst())] : [word]
    }
    return words[..<end].dropLast(rest.count) + counted + words[end...]
  }
}

extension String {
  fileprivate var looksNegative: Bool {
    hasPrefix("-") && dropFirst().first.map { ("0"..."9").contains($0) } == true
  }
}

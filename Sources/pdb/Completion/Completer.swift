// What may come next on a line: for bash, zsh, fish, and for pdb's own shell.

import ArgumentParser
import PDBKit

/// Something that a word may be completed to.
struct Candidate: Equatable {
  let word: String
  /// A few words about it; may be empty.
  var summary = ""
}

/// Works out the candidates from the command tree, and asks the cluster for keys and tasks.
struct Completer {
  /// The word that calls for completion on the command line; no command has it.
  static let word = "__complete"

  /// A node has so long to answer; who presses Tab does not wait.
  private static let patience = 0.12
  private static let limit = 200

  enum Answer {
    case candidates([Candidate])
    /// Names of files; the shell knows them better.
    case files
  }

  /// - Parameters:
  ///   - words: those before the cursor's, without `pdb`.
  ///   - current: what is typed of the cursor's word.
  static func complete(_ words: [String], _ current: String) async -> Answer {
    let settings = try? Settings()
    var words = words
    if let first = words.first, CommandTree.root.child(first) == nil,
      let alias = try? settings?.alias(first), let expanded = try? Words.split(alias)
    {
      words = expanded + words.dropFirst()
    }
    let moved = GlobalOptions.movedBehindCommand(words)
    let (command, rest) = CommandTree.root.find(moved)
    let arguments = command.arguments
    if let option = rest.last.flatMap({ word in arguments.first { $0.names.contains(word) } }),
      let value = option.value
    {
      return await answer(option, value, current)
    }
    if current.hasPrefix("-") { return .candidates(matching(options(arguments), current)) }
    if command.isGroup {
      var children = command.children.map { Candidate(word: $0.name, summary: $0.abstract) }
      if command.name == "pdb" {
        children += (settings?.aliases ?? []).map { Candidate(word: $0.name, summary: $0.text) }
      }
      return .candidates(matching(children, current))
    }
    let given = positionals(rest, arguments)
    let expected = arguments.filter(\.isPositional)
    guard let argument = expected.count > given ? expected[given] : expected.last,
      expected.count > given || argument.isRepeating
    else { return .candidates([]) }
    return await answer(argument, argument.value ?? "", current)
  }

  /// How many positional arguments are among the words of a command.
  private static func positionals(_ words: [String], _ arguments: [CommandArgument]) -> Int {
    var count = 0
    var isValue = false
    for word in words {
      if isValue {
        isValue = false
      } else if word.hasPrefix("-"), word != "-" {
        isValue = arguments.contains { $0.names.contains(word) && $0.value != nil }
      } else {
        count += 1
      }
    }
    return count
  }

  private static func options(_ arguments: [CommandArgument]) -> [Candidate] {
    arguments.filter { !$0.isPositional }.map { Candidate(word: $0.name, summary: $0.summary) }
      + [Candidate(word: "--help", summary: "Show help information.")]
  }

  private static func matching(_ candidates: [Candidate], _ current: String) -> [Candidate] {
    candidates.filter { $0.word.hasPrefix(current) }
  }

  // MARK: Values

  private static func answer(
    _ argument: CommandArgument, _ value: String, _ current: String
  ) async -> Answer {
    if !argument.values.isEmpty {
      return .candidates(matching(argument.values.map { Candidate(word: $0) }, current))
    }
    switch value {
    case "file", "dir", "output", "folder": return .files
    case "when":
      return .candidates(
        matching(ColorChoice.allCases.map { Candidate(word: $0.rawValue) }, current))
    case "ref": return .candidates(matching(await tasks(), current))
    case "key", "prefix": return .candidates(await keys(current))
    case "rev": return .candidates(matching(await revisions(), current))
    case "addr", "member": return .candidates(matching(await members(), current))
    case "setting":
      let settings = Setting.allCases.map { Candidate(word: $0.rawValue, summary: $0.summary) }
      return .candidates(matching(settings, current))
    case "command":
      let commands = CommandTree.root.children.map {
        Candidate(word: $0.name, summary: $0.abstract)
      }
      return .candidates(matching(commands, current))
    default: return .candidates([])
    }
  }

  private static func ask(_ path: String) async -> JSON? {
    guard let settings = try? Settings(),
      let options = try? GlobalOptions.parse(["--timeout", String(patience), "--quiet"])
    else { return nil }
    if let shared = Connection.shared {
      return try? await shared.client.send(
        ClientRequest(.get, path), within: .seconds(patience)
      ).json
    }
    guard let connection = try? Connection(options, settings) else { return nil }
    let answer = try? await connection.client.send(ClientRequest(.get, path))
    await connection.client.shutdown()
    return answer?.json
  }

  private static func tasks() async -> [Candidate] {
    let json = await ask("/tasks?limit=\(limit)&consistency=stale")
    return (json?["tasks"]?.array ?? []).compactMap { TaskItem(json: $0) }.map {
      Candidate(word: String($0.number), summary: $0.title.escapingControlCharacters)
    }
  }

  private static func keys(_ prefix: String) async -> [Candidate] {
    let json = await ask(
      "/kv?limit=\(limit)&consistency=stale&prefix=\(prefix.percentEncoded)")
    return (json?["pairs"]?.array ?? []).compactMap { pair in
      pair["key"]?.string.map {
        let value = pair["value"]
        let text = (value?.string ?? value?.text ?? "").prefix(40)
        return Candidate(word: $0, summary: String(text).escapingControlCharacters)
      }
    }
  }

  private static func revisions() async -> [Candidate] {
    let json = await ask("/log?limit=20&consistency=stale")
    return (json?["revisions"]?.array ?? []).map(ShownRevision.init).map {
      Candidate(
        word: String($0.number),
        summary: "\($0.operation)  \($0.summary)".escapingControlCharacters)
    }
  }

  private static func members() async -> [Candidate] {
    let json = await ask("/cluster/members")
    return (json?["members"]?.array ?? []).compactMap { member in
      member["address"]?.string.map { Candidate(word: $0) }
    }
  }
}

// MARK: For other shells

extension Completer {
  /// Answers a completion script: a candidate a line, as that shell wants it.
  static func answer(_ arguments: [String]) async {
    guard let shell = arguments.first else { return }
    var words = Array(arguments.dropFirst())
    var replaced = ""
    switch shell {
    case "bash":
      guard words.count == 2 else { return }
      replaced = words[1]
      let typed = Words.typed(words[0])
      words = typed.before.dropFirst() + [typed.current]
    case "fish":
      if let mark = words.lastIndex(of: "--") { words.remove(at: mark) }
    default: break
    }
    guard let current = words.last else { return }
    switch await complete(Array(words.dropLast()), current) {
    case .files: Console.write(":files")
    case .candidates(let candidates):
      for candidate in candidates { Console.write(line(candidate, shell, current, replaced)) }
    }
  }

  private static func line(
    _ candidate: Candidate, _ shell: String, _ current: String, _ replaced: String
  ) -> String {
    let summary = candidate.summary.replacing("\t", with: " ")
    switch shell {
    case "zsh":
      let word = candidate.word.replacing(":", with: "\\:")
      return summary.isEmpty ? word : "\(word):\(summary)"
    case "fish": return summary.isEmpty ? candidate.word : "\(candidate.word)\t\(summary)"
    default:
      // What bash took for words of their own before the current one stays as it is.
      let kept = max(0, current.utf8.count - Words.typed(replaced).current.utf8.count)
      let rest = String(decoding: candidate.word.utf8.dropFirst(kept), as: UTF8.self)
      return Words.quoted(rest)
    }
  }
}

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

  /// How many seconds a node has to answer: completion must feel immediate.
  private static let patience = 0.12
  private static let limit = 200

  enum Answer {
    case candidates([Candidate])
    /// Names of files; the shell knows them better.
    case files

    /// The candidates that can be typed, and shown: a key may hold what steers a terminal.
    fileprivate var typeable: Answer {
      guard case .candidates(let candidates) = self else { return self }
      return .candidates(
        candidates.filter { $0.word == $0.word.escapingControlCharacters }.map {
          Candidate(word: $0.word, summary: $0.summary.escapingControlCharacters)
        })
    }

    /// The candidates behind something that is typed already.
    func prefixed(with typed: String) -> Answer {
      guard case .candidates(let candidates) = self else { return self }
      return .candidates(
        candidates.map { Candidate(word: typed + $0.word, summary: $0.summary) })
    }
  }

  /// - Parameters:
  ///   - words: those before the cursor's, without `pdb`.
  ///   - current: what is typed of the cursor's word.
  static func complete(_ words: [String], _ current: String) async -> Answer {
    await found(words, current).typeable
  }

  private static func found(_ words: [String], _ current: String) async -> Answer {
    let settings = try? Settings()
    var words = words
    if let first = words.first, CommandTree.root.child(first) == nil,
      let alias = try? settings?.alias(first), let expanded = try? Words.split(alias)
    {
      words = expanded + words.dropFirst()
    }
    let (command, rest) = CommandTree.root.find(GlobalOptions.movedBehindCommand(words))
    if rest.isEmpty, command.isGroup, !current.hasPrefix("-") {
      return .candidates(matching(children(of: command, settings), current))
    }
    // Groups take what every command takes; asking the parser for less is faster.
    var arguments = command.isGroup ? ManualText.commonOptions : command.arguments
    if command.name == "pdb" { arguments.append(.version) }
    if let equals = current.firstIndex(of: "="), current.hasPrefix("--"),
      let option = arguments.first(where: { $0.names.contains(String(current[..<equals])) }),
      let value = option.value
    {
      let answer = await answer(option, value, String(current[current.index(after: equals)...]))
      return answer.prefixed(with: String(current[...equals]))
    }
    if let option = rest.last.flatMap({ word in arguments.first { $0.names.contains(word) } }),
      let value = option.value
    {
      return await answer(option, value, current)
    }
    if current.hasPrefix("-") { return .candidates(matching(options(arguments), current)) }
    if command.isGroup {
      return .candidates(matching(children(of: command, settings), current))
    }
    let given = positionals(rest, arguments)
    let expected = arguments.filter(\.isPositional)
    guard let argument = expected.count > given ? expected[given] : expected.last,
      expected.count > given || argument.isRepeating
    else { return .candidates([]) }
    if argument.value == "command" {
      let words = rest.filter { !$0.hasPrefix("-") }
      let found = CommandTree.root.find(words)
      return .candidates(
        found.rest.isEmpty ? matching(children(of: found.command, nil), current) : [])
    }
    if argument.value == "ref" {
      return .candidates(await tasks(current, of: command.name, without: rest))
    }
    if command.path.first == "cluster", let found = clusterSettings(argument, rest) {
      return .candidates(matching(found, current))
    }
    return await answer(argument, argument.value ?? "", current)
  }

  /// The settings of a cluster, or values of the one that is named.
  private static func clusterSettings(
    _ argument: CommandArgument, _ rest: [String]
  ) -> [Candidate]? {
    switch argument.value {
    case "setting":
      PDBKit.Setting.allCases.map {
        Candidate(word: $0.name, summary: $0.summary.translated)
      }
    case "value":
      rest.lazy.compactMap(PDBKit.Setting.init(rawValue:)).first?.examples.map {
        Candidate(word: $0)
      }
    default: nil
    }
  }

  /// The commands of a group; at the top also aliases, and in the shell the shell's own.
  private static func children(of command: CommandTree, _ settings: Settings?) -> [Candidate] {
    var children = command.children.map { Candidate(word: $0.name, summary: $0.abstract) }
    if command.name == "pdb" {
      children += (settings?.aliases ?? []).map { Candidate(word: $0.name, summary: $0.text) }
      if Connection.shared != nil { children += ShellSettings.candidates }
    }
    return children
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
      + [Candidate(word: "--help", summary: "Show help information.".translated)]
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
    case "ref": return .candidates(await tasks(current, of: "", without: []))
    case "key", "prefix": return .candidates(await keys(current))
    case "rev", "range", "rev|prefix", "rev[:key]":
      return .candidates(matching(await revisions(), current))
    case "addr", "member": return .candidates(matching(await members(), current))
    case "setting":
      let settings = Setting.allCases.map { Candidate(word: $0.rawValue, summary: $0.summary) }
      return .candidates(matching(settings, current))
    default: return .candidates([])
    }
  }

  /// Asks the store; no answer within a moment is none.
  private static func ask<T>(_ question: (any Store) async throws -> T) async -> T? {
    await connected { try await question($0.store(timeout: .seconds(patience))) }
  }

  private static func connected<T>(_ body: (Connection) async throws -> T) async -> T? {
    guard let settings = try? Settings(),
      let options = try? GlobalOptions.parse(["--timeout", String(patience), "--quiet"])
    else { return nil }
    if let shared = Connection.shared { return try? await body(shared) }
    guard let connection = try? Connection(options, settings) else { return nil }
    connection.recall()
    let answer = try? await body(connection)
    await connection.client.shutdown()
    return answer
  }

  /// Tasks that a command can do something with.
  private static func tasks(
    _ current: String, of command: String, without given: [String]
  ) async -> [Candidate] {
    let isCompleted = ["done": false, "reopen": true][command]
    let found = await ask { store in
      try await store.tasks(
        TaskQuery(isCompleted: isCompleted, limit: 5 * limit), at: .stale
      ).all()
    }
    var tasks = (found ?? []).map(\.task)
    // An old one that is typed out is among those that were not sent.
    if UInt64(current) != nil, !tasks.contains(where: { String($0.number) == current }),
      let task = await ask({ try await $0.task(TaskReference(current), at: .stale).value.task })
    {
      tasks.append(task)
    }
    // A number that is also the whole id of another task means that one.
    let ids = Set(tasks.map(\.id))
    let candidates = tasks.map { task in
      let number = String(task.number)
      return Candidate(
        word: ids.contains(number) && task.id != number ? task.id : number,
        summary: task.title)
    }
    return matching(candidates, current).filter { !given.contains($0.word) }
  }

  private static func keys(_ prefix: String) async -> [Candidate] {
    let query = PairQuery(prefix: Bytes(prefix.utf8), limit: limit + 1)
    let pairs = await ask { try await $0.pairs(query, at: .stale).all() } ?? []
    // There are more than these: what they have in common need not be common to all.
    let rest = pairs.count > limit && !prefix.isEmpty ? [Candidate(word: prefix)] : []
    return rest
      + pairs.prefix(limit).compactMap { pair in
        String(validating: pair.key, as: UTF8.self).map { key in
          let text = String(decoding: Value.bytes(of: pair).prefix(160), as: UTF8.self)
          return Candidate(word: key, summary: String(text.prefix(40)))
        }
      }
  }

  private static func revisions() async -> [Candidate] {
    let found = await ask { store in
      (
        try await store.tags(at: .stale).value,
        try await store.history(HistoryQuery(limit: 20), at: .stale).revisions
      )
    }
    return (found?.0 ?? []).map {
      Candidate(word: $0.name.text, summary: "revision \($0.revision)")
    }
      + (found?.1 ?? []).map {
        Candidate(word: String($0.number), summary: "\($0.operation)  \($0.summary)")
      }
  }

  private static func members() async -> [Candidate] {
    let view = await connected { try await $0.cluster(timeout: .seconds(patience)).view() }
    return (view?.members ?? []).map { Candidate(word: $0.address) }
  }
}

// MARK: For other shells

extension Completer {
  /// Answers a completion script: a candidate a line, as that shell wants it.
  static func answer(_ arguments: [String]) async {
    guard let shell = arguments.first else { return }
    var words = Array(arguments.dropFirst())
    var replaced = ""
    var quote: Unicode.Scalar?
    switch shell {
    case "bash":
      guard words.count == 2 else { return }
      replaced = words[1]
      let typed = Words.typed(words[0])
      words = typed.before.compactMap(\.word).dropFirst() + [typed.current]
      quote = typed.quote
    case "fish":
      if let mark = words.lastIndex(of: "--") { words.remove(at: mark) }
    default: break
    }
    guard let current = words.last else { return }
    switch await complete(Array(words.dropLast()), current) {
    case .files: Console.write(":files")
    case .candidates(let candidates):
      for candidate in candidates {
        Console.write(line(candidate, shell, current, replaced, quote))
      }
    }
  }

  private static func line(
    _ candidate: Candidate, _ shell: String, _ current: String, _ replaced: String,
    _ quote: Unicode.Scalar?
  ) -> TerminalText {
    let summary = candidate.summary
    switch shell {
    case "zsh":
      let word = candidate.word.replacing("\\", with: "\\\\").replacing(":", with: "\\:")
      return summary.isEmpty ? "\(word)" : "\(word):\(summary)"
    case "fish":
      return summary.isEmpty ? "\(candidate.word)" : "\(candidate.word)\t\(summary)"
    default:
      // What bash took for words of their own before the current one stays as it is.
      let kept = max(0, current.utf8.count - Words.typed(replaced).current.utf8.count)
      let rest = String(decoding: candidate.word.utf8.dropFirst(kept), as: UTF8.self)
      return "\(Words.quoted(rest, within: quote))"
    }
  }
}

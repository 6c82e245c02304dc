// `pdb txn`

import ArgumentParser
import PDBKit

struct TxnCommand: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "txn", abstract: "Make several changes as one: all of them, or none.",
    discussion: """
      Reads commands, a line each: kv set, kv get, kv touch, kv rm, kv incr, kv append, task add, task edit, task done, \
      task reopen, task rm, task clear. Each sees what the lines before it did. If one is refused, by its \
      --if-absent or --if-revision or because a task is not there, nothing is changed. 'kv get' of a key that is not \
      there prints an empty line. All of it is one revision, which one undo takes back. Empty lines, and those \
      that begin with #, mean nothing.
      """)

  static let examples = [
    Example(
      "printf 'kv incr stock --by -1\\nkv append orders 17\\n' | pdb txn",
      "Take from one and give to the other:"),
    Example(
      "printf 'kv get stock --if-revision 9999\\nkv set stock 5\\n' | pdb txn || true",
      "Change a key only if it is what you have read:"),
  ]

  @Option(
    name: [.short, .customLong("file")],
    help: ArgumentHelp("The file with the commands; without it standard input.", valueName: "file"))
  var file: String = "-"

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let steps = try Self.steps(in: try await Input.bytes(of: file), file)
      guard !steps.isEmpty else {
        throw PDBError(.badRequest, "no command: a transaction needs one")
      }
      let receipt = try await session.apply(.transaction(steps))
      let answers = zip(receipt.answer.steps, steps).map { $0.stepJSON($1) }
      let json: JSON = [
        "status": "committed", "answers": .array(answers), "revision": JSON(receipt.revision),
      ]
      try session.show(json) {
        for (answer, step) in zip(receipt.answer.steps, steps) { Self.print(answer, step) }
        session.sayHowToUndo(receipt.revision)
      }
    }
  }

  /// The commands of a file, with the line of each.
  private static func steps(in bytes: Bytes, _ file: String) throws -> [TransactionStep] {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw PDBError(.badRequest, "the commands are not valid UTF-8")
    }
    let name = file == "-" ? "line " : "\(file):"
    var steps: [TransactionStep] = []
    for (number, line) in text.split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline
    ).enumerated() {
      do {
        if let step = try step(String(line)) { steps.append(step) }
      } catch let error as PDBError {
        throw PDBError(error.code, "\(name)\(number + 1): \(error.message)", hint: error.hint)
      }
    }
    return steps
  }

  /// The step that a line says; `nil` for one that says nothing.
  private static func step(_ line: String) throws -> TransactionStep? {
    let commands = try ShellLine(line).commands
    guard let command = commands.first, !command.words.isEmpty else { return nil }
    guard commands.count == 1, command.output == nil else {
      throw PDBError(.badRequest, "one command a line, without |, > and ;")
    }
    let parsed: any ParsableCommand
    do { parsed = try PDB.parseAsRoot(command.words) } catch {
      throw PDBError(
        .badRequest, UsageFailure(error, command.words)?.message ?? "'\(line)' is no command",
        hint: "'pdb help txn' lists the commands")
    }
    guard let verb = parsed as? any TransactionVerb else {
      throw PDBError(
        .badRequest, "'\(command.words.joined(separator: " "))' cannot be part of a transaction",
        hint: "'pdb help txn' lists the commands that can")
    }
    guard verb.options.isSilent else {
      throw PDBError(
        .badRequest,
        "options about the place and the output stand behind 'pdb txn', not in its lines")
    }
    return try verb.step()
  }

  /// Prints what a step came to, as its command would.
  private static func print(_ answer: Answer, _ step: TransactionStep) {
    switch (answer, step) {
    case (.tasks(let tasks), _): for task in tasks { TaskOutput.row(task.task) }
    case (.pair(let pair), _), (.found(let pair?), _): Value.print(pair)
    case (.found(nil), _): Console.write(cell: "")
    case (.removed(let count), _): Console.write(cell: "\(count)")
    default: break
    }
  }
}

/// A command that can be a step of a transaction.
protocol TransactionVerb {
  var options: GlobalOptions { get }

  /// What it does, without what it prints.
  ///
  /// - Throws: what is wrong with its arguments.
  func step() throws -> TransactionStep
}

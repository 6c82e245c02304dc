// `pdb task done`

import ArgumentParser
import PDBKit

struct TaskDone: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "done", abstract: "Mark tasks as completed.")

  static let examples = [
    Example("pdb task done 1 2", "Mark tasks as completed:"),
    Example("pdb task done --matching hoc --yes || true", "Mark what a search finds:"),
  ]

  @Argument(help: ArgumentHelp("Numbers, or beginnings of ids.", valueName: "ref"))
  var words: [String] = []

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Active tasks whose titles hold these words, all of them.", valueName: "word"))
  var matching: [String] = []

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard matching.isEmpty != words.isEmpty else {
      throw ValidationError("name the tasks, or give --matching and words")
    }
    guard matching.isEmpty || matching.contains(where: { $0.contains { !$0.isWhitespace } }) else {
      throw ValidationError("--matching wants words")
    }
  }

  private var references: TaskReferenceList { TaskReferenceList(words: words) }

  func step() throws -> TransactionStep {
    .change(.editTask(try references.one(), TaskEdit(completed: true), .none))
  }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      if !matching.isEmpty { return try await completeMatches(session) }
      try await references.set(completed: true, session)
    }
  }

  /// One change for all that the words find.
  private func completeMatches(_ session: Session) async throws {
    let words = try matching.map(Input.text).joined(separator: " ")
    let store = try await session.store()
    let found = try await store.tasks(TaskQuery(isCompleted: false, words: words), at: .now).all()
    guard !found.isEmpty else { throw PDBError(.taskNotFound, "no active task matches") }
    if found.count > 1 { try await session.confirm("complete \(found.count) tasks") }
    let receipt = try await session.apply(
      .transaction(
        found.map {
          .change(
            .editTask(
              .id($0.task.id), TaskEdit(completed: true), .revision($0.revision)))
        }))
    let done = receipt.answer.steps.flatMap(\.tasks).map(\.task)
    try session.show(["tasks": .array(done.map(\.json))]) {
      for task in done { TaskOutput.changed("done \(task.number)  \(task.title)", task) }
      session.sayHowToUndo(receipt.revision)
    }
  }
}

// `pdb bench`

import ArgumentParser
import PDBKit

struct BenchCommand: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure how fast the cluster is.",
    discussion: """
      Every client has a connection and sends its next request when the last one is answered. \
      Keys are named bench/...; they stay, and so do tasks: use a cluster that you can throw \
      away. Reads are linearizable; --stale reads what a node has. With --rate the times count \
      from when a request should have been sent, so waiting is not left out. Failures are \
      counted and never tried again. Exits with 1 if there were any.
      """)

  static let examples = [
    Example("pdb bench --clients 32 --seconds 2 --op set", "Measure changes:"),
    Example("pdb bench --op get --stale --all --count 5000", "Measure reads of all nodes:"),
    Example(
      "pdb bench --op task --batch 100 --count 50 --yes --json",
      "Add 5,000 tasks, a hundred at a time, and tell a program:"),
  ]

  @Option(
    name: .customLong("op"),
    help: ArgumentHelp(
      "set, get, task, or mixed: three gets for every set (default: set).", valueName: "what"),
    completion: .list(LoadPlan.Work.allCases.map(\.rawValue)),
    transform: { text in
      guard let work = LoadPlan.Work(rawValue: text) else {
        let all = LoadPlan.Work.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--op is one of \(all)")
      }
      return work
    })
  var work = LoadPlan.Work.set

  @Option(
    name: .shortAndLong, help: ArgumentHelp("How many clients there are.", valueName: "n"))
  var clients = 32

  @Option(
    name: .shortAndLong, help: ArgumentHelp("How long it lasts (default: 10).", valueName: "s"))
  var seconds: Double?

  @Option(
    name: [.customShort("n"), .long],
    help: ArgumentHelp("How many requests to send instead.", valueName: "n"))
  var count: Int?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("How many keys or tasks one request changes.", valueName: "n"))
  var batch = 1

  @Option(name: .long, help: ArgumentHelp("How many different keys there are.", valueName: "n"))
  var keys = 1_000

  @Option(name: .long, help: ArgumentHelp("How long the values are.", valueName: "n"))
  var valueBytes = 128

  @Option(
    name: .long,
    help: ArgumentHelp("Send so many requests a second, not as many as possible.", valueName: "n"))
  var rate: Double?

  @Flag(name: .long, help: "Read from all nodes in turn, not from the leader.")
  var all = false

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    try check("--clients", clients, 1...Limits.connections / 2)
    try check("--batch", batch, 1...Limits.batchCount)
    try check("--keys", keys, 1...1_000_000_000)
    try check("--value-bytes", valueBytes, 0...Limits.valueBytes - 2)
    if let count { try check("--count", count, 1...Int(Int32.max)) }
    if let seconds, !(0.01...86_400).contains(seconds) {
      throw ValidationError("--seconds must be between 0.01 and 86400")
    }
    if let rate, !(0.001...10_000_000).contains(rate) {
      throw ValidationError("--rate must be between 0.001 and 10000000")
    }
    if seconds != nil && count != nil {
      throw ValidationError("--seconds and --count exclude each other")
    }
    if batch > 1 && work == .get { throw ValidationError("--batch is for changes") }
    if all && (work == .set || work == .task) {
      throw ValidationError("--all is for reads: only the leader takes changes")
    }
    let bytes = batch * (valueBytes + 64)
    if work != .task && bytes > Limits.bodyBytes {
      throw ValidationError(
        "--batch times --value-bytes is too much: a request has at most \(Limits.bodyBytes) bytes")
    }
  }

  private func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
      throw ValidationError("\(name) must be between \(range.lowerBound) and \(range.upperBound)")
    }
  }

  func run() async throws {
    var hasFailures = false
    try await Session.run(options) { session in
      if work == .task {
        try await session.confirm("add tasks to the cluster and leave them there")
      }
      try await session.connection.meet()
      try session.connection.mustHaveNodes()
      let load = LoadRun(plan, on: session.connection.client)
      try await prepare(load)
      let report = try await measured(load)
      let shown = BenchReport(plan, report)
      try session.show(shown.json) { shown.print(options) }
      hasFailures = report.errors > 0
    }
    if Task.isCancelled { throw CancellationError() }
    if hasFailures { throw ExitCode(ExitStatus.no.rawValue) }
  }

  private var plan: LoadPlan {
    LoadPlan(
      work: work, length: count.map { .requests($0) } ?? .seconds(seconds ?? 10),
      clients: clients, batch: batch, keys: keys, valueBytes: valueBytes, rate: rate,
      isStale: options.stale, usesAllNodes: all)
  }

  private func prepare(_ load: LoadRun) async throws {
    var bar = ProgressBar("writing keys to read", isQuiet: options.quiet)
    defer { bar.finish() }
    try await load.prepare { bar.update($0, of: keys) }
  }

  /// Runs the load; draws meanwhile how far it is.
  private func measured(_ load: LoadRun) async throws -> LoadReport {
    let drawing = Task {
      var bar = ProgressBar("measuring", isQuiet: options.quiet)
      while (try? await Task.sleep(for: .milliseconds(200))) != nil {
        bar.update(load.progress, of: count)
      }
      bar.finish()
    }
    let result: Result<LoadReport, any Error>
    do { result = .success(try await load.run()) } catch { result = .failure(error) }
    drawing.cancel()
    await drawing.value
    return try result.get()
  }
}

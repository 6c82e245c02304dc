// A run from beginning to end.

import Dispatch
import Foundation

/// Torments a cluster for a while.
struct ChaosRun {
  let settings: Settings

  /// The user, or the system, asked for the end.
  struct Interrupted: Error {}

  private enum Part {
    case background
    case rounds(Summary)
  }

  /// - Returns: whether no violation was found.
  /// - Throws: ``Interrupted``, or what made it impossible to go on; everything is removed then.
  func run() async throws -> Bool {
    try await Installation.checkRequirements()
    await Leftovers.remove(below: Settings.directory)
    let installation = try await Installation(settings)
    let findings = Findings()
    let start = ContinuousClock.now
    do {
      let isWell = try await run(installation, findings, start)
      let keepsFiles = settings.keepsFiles || !isWell
      await installation.remove(keepsFiles: keepsFiles)
      if keepsFiles { say("files are in \(installation.directory)") }
      return isWell
    } catch {
      await installation.remove(keepsFiles: settings.keepsFiles)
      for violation in findings.violations { say("* \(violation)") }
      throw error
    }
  }

  private func run(
    _ installation: Installation, _ findings: Findings, _ start: ContinuousClock.Instant
  ) async throws -> Bool {
    let http = HTTP(addresses: installation.addresses, token: installation.token)
    let world = World(
      nodes: installation.nodes, firewall: installation.firewall, findings: findings)
    let observer = Observer(http: http, findings: findings)
    let procedures = Procedures(
      world: world, observer: observer,
      commands: OperatorCommands(
        program: installation.program, tokenFile: installation.tokenFile,
        addresses: installation.addresses,
        dataDirectories: installation.nodes.map(\.place.disk.data)),
      findings: findings)
    let (interrupts, sources) = Self.interrupts()
    defer { withExtendedLifetime(sources) {} }
    announce(installation)
    try await installation.beginDatabase()
    do {
      let summary = try await withThrowingTaskGroup(of: Part.self) { group in
        group.addTask {
          try await world.keep()
          return .background
        }
        group.addTask {
          try await observer.watch()
          return .background
        }
        group.addTask {
          for await end in installation.ends { await world.note(end) }
          return .background
        }
        group.addTask {
          for await _ in interrupts { throw Interrupted() }
          return .background
        }
        group.addTask {
          .rounds(
            try await rounds(installation, world, observer, procedures, http, findings, start))
        }
        defer { group.cancelAll() }
        while let part = try await group.next() {
          if case .rounds(let summary) = part { return summary }
        }
        return Summary()
      }
      await world.finishAll()
      await http.shutdown()
      await conclude(summary, findings, procedures, installation, start)
      return findings.violations.isEmpty
    } catch {
      await world.finishAll()
      await http.shutdown()
      throw error
    }
  }

  private func rounds(
    _ installation: Installation, _ world: World, _ observer: Observer,
    _ procedures: Procedures, _ http: HTTP, _ findings: Findings,
    _ start: ContinuousClock.Instant
  ) async throws -> Summary {
    var summary = Summary()
    var givenNumbers: [UInt64: String] = [:]
    var number = 0
    let isVerbose = settings.isVerbose
    repeat {
      number += 1
      let violationsBefore = findings.violations.count
      let round = Round(
        number: number, settings: settings, installation: installation, world: world,
        observer: observer, procedures: procedures, http: http, findings: findings,
        log: { text in
          if isVerbose { say("  \((ContinuousClock.now - start).seconds.short)  \(text)") }
        })
      let report = try await round.run(givenNumbers: &givenNumbers)
      try Task.checkCancellation()
      summary.add(report)
      say(report.line(violations: findings.violations.count - violationsBefore))
    } while findings.violations.isEmpty
      && ContinuousClock.now - start < .seconds(settings.seconds)
    return summary
  }

  // MARK: Telling

  private func announce(_ installation: Installation) {
    let link = installation.firewall.canDelay ? "delayed" : "narrow (this kernel has no netem)"
    say(
      "seed \(settings.seed), \(settings.nodeCount) nodes of '\(settings.program)' on "
        + "\(installation.network.subnet).0/24; slow links are \(link); membership changes "
        + (installation.program.hasMembership ? "on" : "are not in this build"))
  }

  private func conclude(
    _ summary: Summary, _ findings: Findings, _ procedures: Procedures,
    _ installation: Installation, _ start: ContinuousClock.Instant
  ) async {
    say("")
    say(
      summary.table(
        seconds: (ContinuousClock.now - start).seconds, findings: findings,
        noticedCorruptions: await procedures.noticedCorruptions,
        mendedCorruptions: await procedures.mendedCorruptions,
        noticedRollbacks: await procedures.noticedRollbacks))
    guard !findings.violations.isEmpty else { return }
    let text = findings.violations.joined(separator: "\n\n") + "\n"
    try? text.write(
      toFile: "\(installation.directory)/violations.txt", atomically: true, encoding: .utf8)
    say("\nVIOLATIONS, again with --seed \(settings.seed):")
    for violation in findings.violations.prefix(10) { say("* \(violation)") }
    if findings.violations.count > 10 { say("* and \(findings.violations.count - 10) more") }
  }

  // MARK: Interrupts

  /// SIGINT and SIGTERM as a stream, so that everything is taken away before the end.
  private static func interrupts() -> (
    stream: AsyncStream<Void>, sources: [any DispatchSourceSignal]
  ) {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number)
      source.setEventHandler { continuation.yield() }
      source.resume()
      return source
    }
    return (stream, sources)
  }
}

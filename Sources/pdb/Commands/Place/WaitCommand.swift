// `pdb wait`

import ArgumentParser
import PDBKit

struct WaitCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "wait", abstract: "Wait until the cluster or a key is as wanted.",
    discussion: """
      Waits for ever, or for --timeout seconds; then it ends with 75. Nodes that do not answer yet are waited \
      for, too.
      """)

  static let examples = [
    Example("pdb wait --healthy --timeout 30", "Wait until all members are well:"),
    Example("pdb wait --key greeting --gone --timeout 5", "Wait until a key is gone:"),
  ]

  @Flag(name: .long, help: "Until all members are up and one leads.")
  var healthy = false

  @Flag(name: .long, help: "Until there is a leader.")
  var leader = false

  @Option(name: .long, help: "Until this key is there.")
  var key: String?

  @Flag(name: .long, help: "With --key: until it is gone.")
  var gone = false

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard !gone || key != nil else { throw ValidationError("--gone wants --key") }
    guard [healthy, leader, key != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("give one of --healthy, --leader and --key")
    }
  }

  func run() async throws {
    try await Session.run(options) { session in
      let end = options.wantedTimeout.map { ContinuousClock.now + .seconds($0) }
      while true {
        let missing = try await missing(session)
        guard let missing else { return try session.show(["status": "ok"]) {} }
        if let end, ContinuousClock.now >= end {
          throw PDBError(.timedOut, "waited in vain: \(missing)", hint: "wait longer: --timeout")
        }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }

  /// What is still to come; `nil` if nothing is.
  private func missing(_ session: Session) async throws -> String? {
    do {
      if let key {
        let found = try await session.store().get(try Bytes(key: key), at: .now).value
        return (found == nil) == gone ? nil : gone ? "'\(key)' is there" : "there is no '\(key)'"
      }
      if healthy {
        let report = try await ClusterStatus.report(session)
        return report.health == .healthy ? nil : report.verdict
      }
      return try await session.cluster().view().leader == nil ? "there is no leader" : nil
    } catch let error as PDBError where Self.mayPass.contains(error.code) {
      return error.message
    }
  }

  private static let mayPass: Set<PDBError.Code> = [
    .unreachable, .noLeader, .noQuorum, .stopping, .busy, .dataInUse,
  ]
}

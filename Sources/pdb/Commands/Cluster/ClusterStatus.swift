// `pdb cluster status`

import ArgumentParser
import PDBKit

struct ClusterStatus: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show every member and how the cluster is.",
    discussion: "Exits with 0 when all members are up and one leads, with 1 otherwise.")

  static let examples = [
    Example("pdb cluster status --json", "See how the cluster is, for a program:")
  ]

  @Flag(name: .long, help: "Go on showing it, every second, until Ctrl-C.")
  var watch = false

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    if watch { return try await keepWatching() }
    var report: ClusterReport?
    try await Session.run(options) { session in
      let found = try await Self.report(session)
      try session.show(found.json) { print(found) }
      report = found
      try await printFronts(session)
    }
    guard let report else { return }
    if report.health != .healthy { throw ExitCode(ExitStatus.no.rawValue) }
  }

  /// On a terminal each report takes the place of the one before.
  private func keepWatching() async throws {
    try await Session.run(options) { session in
      while true {
        do {
          let report = try await Self.report(session)
          if Console.isTerminal(.output) && !options.json {
            Console.write(text: "\u{1B}[H\u{1B}[J")
          }
          try session.show(report.json) { print(report) }
        } catch let error as PDBError {
          ErrorReport(error, asJSON: options.json).print()
        }
        try await Task.sleep(for: .seconds(1))
      }
    }
  }

  /// The nodes in front of an etcd that was asked directly.
  private func printFronts(_ session: Session) async throws {
    guard let etcd = session.connection.etcd, Console.isTerminal(.output), !options.json else {
      return
    }
    let fronts = try await etcd.fronts().map { front -> TerminalText in
      front.isLeader ? "\(front.address) (leads)" : TerminalText(front.address)
    }
    Console.write(
      fronts.isEmpty
        ? "no node stands in front of it; 'pdb node start --db \(etcd.address)' starts one"
        : "nodes in front:  \(TerminalText(fronts, separator: "  "))")
  }

  static func report(_ session: Session) async throws -> ClusterReport {
    if let etcd = session.connection.etcd {
      try await session.connection.meet()
      return try await etcd.report()
    }
    var view = try await session.cluster().view()
    // Only the leader knows when it heard each member last.
    if !view.isLeader, let leader = view.leader?.nodeAddress,
      let better = try? await session.node(leader, within: 1).view(), better.isLeader
    {
      view = better
    }
    let members = await withTaskGroup(of: (Int, ClusterReport.MemberReport).self) { group in
      for (position, member) in view.members.enumerated() {
        group.addTask { (position, await memberReport(member, session)) }
      }
      var reports: [(Int, ClusterReport.MemberReport)] = []
      for await report in group { reports.append(report) }
      return reports.sorted { $0.0 < $1.0 }.map(\.1)
    }
    return ClusterReport(
      cluster: view.identity.cluster, quorum: view.quorum, members: members, engine: view.engine)
  }

  private static func memberReport(
    _ member: ClusterMember, _ session: Session
  ) async -> ClusterReport.MemberReport {
    func report(_ status: NodeStatus?, _ failure: String?) -> ClusterReport.MemberReport {
      .init(
        id: member.id, address: member.address, isVoter: member.isVoter, status: status,
        failure: failure, silence: member.silence, restart: member.restart)
    }
    guard let address = member.nodeAddress else { return report(nil, "not an address") }
    do throws(PDBError) {
      let status = try await session.node(address, within: 1).status()
      return status.node == member.id
        ? report(status, nil) : report(nil, "another node answers there")
    } catch { return report(nil, error.message) }
  }

  private static func ago(_ milliseconds: UInt64) -> String {
    switch milliseconds / 1000 {
    case let seconds where seconds < 60: "\(seconds)s ago"
    case let seconds where seconds < 3600: "\(seconds / 60)m ago"
    case let seconds: "\(seconds / 3600)h ago"
    }
  }

  private static func state(of member: ClusterReport.MemberReport) -> String {
    guard let status = member.status else { return "DOWN" }
    return status.isInsecure ? "up, insecure" : "up"
  }

  private func print(_ report: ClusterReport) {
    if Console.isTerminal(.output) {
      let style = Style(for: .output)
      let words = TerminalText(message: report.verdict)
      let verdict =
        switch report.health {
        case .healthy: style.green(words)
        case .degraded: style.yellow(words)
        case .noLeader, .noQuorum: style.red(words)
        }
      Console.write("\(report.cluster): \(verdict)")
    }
    var table = Table(
      .init(title: "NODE", keepsFirstWord: true), .init(title: "ROLE", isPhrase: true),
      .init(title: "STATE", isPhrase: true),
      .init(title: "TERM", isNumber: true), .init(title: "APPLIED", isNumber: true),
      .init(title: "LAG", isNumber: true), .init(title: "SEEN", isPhrase: true),
      .init(title: "ADDRESS", keepsFirstWord: true))
    let isForPeople = Console.isTerminal(.output)
    for member in report.members {
      let port = member.address.split(separator: ":").last.map(String.init) ?? member.address
      table.add(
        port, member.role.map(Role.words) ?? "?", Self.state(of: member),
        member.term.map { String($0) } ?? "?", member.applied.map { String($0) } ?? "?",
        member.isLeader ? "-" : report.lag(of: member).map { String($0) } ?? "?",
        member.isUp ? "now" : member.silence.map(Self.ago) ?? "?",
        member.failure.map {
          "\(member.address)  \(isForPeople ? KnownMessages.translated($0) : $0)"
        } ?? member.address)
    }
    table.print()
    for entry in Set(report.members.compactMap { $0.status?.poisoned?.message }).sorted()
    where Console.isTerminal(.output) {
      Console.write(TerminalText(message: entry))
    }
    for member in report.members where !member.isUp && Console.isTerminal(.output) {
      if let command = member.restart { Console.write("start it again:  \(command)") }
    }
  }
}

// `pdb cluster status`

import ArgumentParser
import PDBKit

struct ClusterStatus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show every member and how the cluster is.",
    discussion: "Exits with 0 when all members are up and one leads, with 1 otherwise.")

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    var report: ClusterReport?
    try await Session.run(options) { report = try await Self.report($0) }
    guard let report else { return }
    if options.json {
      Console.write(report.json.text)
    } else {
      print(report)
    }
    if report.health != .healthy { throw ExitCode(ExitStatus.no.rawValue) }
  }

  private static func report(_ session: Session) async throws -> ClusterReport {
    let answer = try await session.send(ClientRequest(.get, "/cluster/status")).json
    let listed = answer["members"]?.array ?? []
    let members = await withTaskGroup(of: (Int, ClusterReport.MemberReport).self) { group in
      for (position, member) in listed.enumerated() {
        group.addTask { (position, await memberReport(member, session)) }
      }
      var reports: [(Int, ClusterReport.MemberReport)] = []
      for await report in group { reports.append(report) }
      return reports.sorted { $0.0 < $1.0 }.map(\.1)
    }
    return ClusterReport(
      cluster: answer["cluster"]?.string ?? "?", quorum: Int(answer["quorum"]?.int64 ?? 1),
      members: members)
  }

  private static func memberReport(
    _ member: JSON, _ session: Session
  ) async -> ClusterReport.MemberReport {
    let id = member["id"]?.string ?? "?"
    let text = member["address"]?.string ?? "?"
    guard let address = try? NodeAddress(parsing: text) else {
      return .init(id: id, address: text, status: nil, failure: "not an address")
    }
    switch await session.status(of: address) {
    case .success(let answer) where answer.json["node"]?.string == id:
      return .init(id: id, address: text, status: answer.json, failure: nil)
    case .success:
      return .init(id: id, address: text, status: nil, failure: "another node answers there")
    case .failure(let error):
      return .init(id: id, address: text, status: nil, failure: error.message)
    }
  }

  private func print(_ report: ClusterReport) {
    if Console.isTerminal(.output) {
      let style = Style(for: .output)
      let verdict =
        switch report.health {
        case .healthy: style.green(report.verdict)
        case .degraded: style.yellow(report.verdict)
        case .noLeader, .noQuorum: style.red(report.verdict)
        }
      Console.write("\(report.cluster): \(verdict)")
    }
    var table = Table(
      .init(title: "NODE"), .init(title: "ROLE"), .init(title: "STATE"),
      .init(title: "TERM", isNumber: true), .init(title: "APPLIED", isNumber: true),
      .init(title: "LAG", isNumber: true), .init(title: "ADDRESS"))
    for member in report.members {
      let port = member.address.split(separator: ":").last.map(String.init) ?? member.address
      table.add(
        port, member.role ?? "?", member.isUp ? "up" : "DOWN",
        member.term.map { String($0) } ?? "?", member.applied.map { String($0) } ?? "?",
        member.isLeader ? "-" : report.lag(of: member).map { String($0) } ?? "?",
        member.failure.map { "\(member.address)  \($0)" } ?? member.address)
    }
    table.print()
    for member in report.members where !member.isUp && Console.isTerminal(.output) {
      if let port = member.address.split(separator: ":").last {
        Console.write("start it again:  pdb node start --port \(port)")
      }
    }
  }
}

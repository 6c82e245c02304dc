// `pdb status`

import ArgumentParser
import PDBKit

struct StatusCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say which place commands mean, why, and how it is.",
    discussion: """
      Exits with 0 when the cluster is healthy, with 1 when it is not, with 69 when no node answers. \
      'pdb cluster status' shows every member.
      """)

  static let examples = [
    Example("pdb status", "Where would a change go?")
  ]

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    var health: ClusterReport.Health?
    try await Session.run(options) { session in
      let connection = session.connection
      do {
        try await connection.meet()
        let report = try await ClusterStatus.report(session)
        health = report.health
        try show(session, report)
      } catch let error as PDBError {
        if !options.json { try show(session, nil) }
        throw error
      }
    }
    if health != .healthy { throw ExitCode(ExitStatus.no.rawValue) }
  }

  private func show(_ session: Session, _ report: ClusterReport?) throws {
    let (place, identity) = (session.connection.place, session.connection.client.identity)
    let json: JSON = [
      "place": .string(place.name), "remote": JSON(place.remote?.name),
      "nodes": .array(place.addresses.map { .string($0.description) }),
      "reason": .string(place.explanation), "cluster": JSON(identity?.cluster),
      "birth": JSON(identity?.birth), "health": JSON(report?.health.rawValue),
      "verdict": JSON(report?.verdict),
    ]
    try session.show(json) {
      let nodes = place.addresses.map(\.description).joined(separator: " ")
      var lines = [
        ("place", place.remote.map { "\($0.name)  \(nodes)" } ?? nodes),
        ("reason", place.explanation), ("cluster", identity?.description ?? "?"),
      ]
      if let report { lines.append(("verdict", report.verdict)) }
      for (name, text) in lines {
        if Console.isTerminal(.output) {
          Console.write("\(name.padded(to: 9))\(text)")
        } else {
          Console.write(row: [name, text])
        }
      }
    }
  }
}

// `pdb status`

import ArgumentParser
import PDBKit

struct StatusCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say which place commands mean, why, and how it is.",
    discussion: """
      Exits with 0 when the cluster is healthy, with 1 when it is not, with 69 when no node answers. A \
      folder that no node serves is healthy when its data can be read. 'pdb cluster status' shows every \
      member.
      """)

  static let examples = [
    Example("pdb status", "Where would a change go?")
  ]

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    var isHealthy = false
    try await Session.run(options) { session in
      do {
        let found = try await look(session)
        isHealthy = found.health == .healthy
        try show(session, found)
      } catch let error as PDBError {
        if !options.json { try show(session, Found(identity: session.connection.client.identity)) }
        throw error
      }
    }
    if !isHealthy { throw ExitCode(ExitStatus.no.rawValue) }
  }

  /// What is in the place.
  private struct Found {
    var identity: ClusterIdentity?
    var health: ClusterReport.Health?
    var verdict: String?
  }

  private func look(_ session: Session) async throws -> Found {
    let store = try await session.store()
    if let folder = store as? FolderStore, try await folder.nodes == nil {
      let revision = try await folder.settings(at: .now).revision
      return Found(
        identity: try await folder.identity(), health: .healthy,
        verdict: "a folder that no node serves, at revision \(revision)")
    }
    if session.connection.place.etcd != nil {
      let revision = try await store.settings(at: .now).revision
      return Found(
        identity: session.connection.client.identity, health: .healthy,
        verdict: "keys of an etcd that answers, at revision \(revision)")
    }
    let report = try await ClusterStatus.report(session)
    return Found(
      identity: session.connection.client.identity, health: report.health, verdict: report.verdict)
  }

  private func show(_ session: Session, _ found: Found) throws {
    let (place, identity) = (session.connection.place, found.identity)
    let json: JSON = [
      "place": .string(place.name), "remote": JSON(place.remote?.name),
      "folder": JSON(place.folder?.path),
      "nodes": .array(place.addresses.map { .string($0.description) }),
      "reason": .string(place.explanation), "cluster": JSON(identity?.cluster),
      "birth": JSON(identity?.birth), "health": JSON(found.health?.rawValue),
      "verdict": JSON(found.verdict),
    ]
    try session.show(json) {
      let nodes = place.addresses.map(\.description).joined(separator: " ")
      var lines = [
        ("place", place.name == nodes ? nodes : "\(place.name)  \(nodes)"),
        ("reason", place.explanation), ("cluster", identity?.description ?? "?"),
      ]
      if let verdict = found.verdict { lines.append(("verdict", verdict)) }
      let width = (lines.map { $0.0.translated.displayWidth }.max() ?? 0) + 2
      for (name, text) in lines {
        if Console.isTerminal(.output) {
          Console.write("\(name.translated.padded(to: width))\(TerminalText(message: text))")
        } else {
          Console.write(row: [name, text])
        }
      }
    }
  }
}

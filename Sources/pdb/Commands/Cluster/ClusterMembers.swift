// `pdb cluster members`

import ArgumentParser
import PDBKit

struct ClusterMembers: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "members", abstract: "List the members: id, what they may do, address.")

  static let examples = [
    Example("pdb cluster members", "List the members:")
  ]

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let answer = try await session.send(ClientRequest(.get, "/cluster/members"))
      try session.show(answer.json) { Self.table(answer.json).print() }
    }
  }

  private static func table(_ json: JSON) -> Table {
    var table = Table(
      .init(title: "ID", keepsFirstWord: true), .init(title: "MEMBER"),
      .init(title: "ADDRESS", keepsFirstWord: true))
    for member in json["members"]?.array ?? [] {
      let role =
        member["is_leader"]?.bool == true
        ? "leader" : member["voter"]?.bool == true ? "voter" : "learner"
      table.add(member["id"]?.string ?? "?", role, member["address"]?.string ?? "?")
    }
    return table
  }
}

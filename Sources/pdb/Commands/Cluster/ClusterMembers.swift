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
      let view = try await session.cluster().view()
      try session.show(view.membersJSON) { Self.table(view).print() }
    }
  }

  private static func table(_ view: ClusterView) -> Table {
    var table = Table(
      .init(title: "ID", keepsFirstWord: true), .init(title: "MEMBER", isPhrase: true),
      .init(title: "ADDRESS", keepsFirstWord: true))
    for member in view.members {
      let role = member.isLeader ? "leader" : member.isVoter ? "voter" : "learner"
      table.add(member.id, role, member.address)
    }
    return table
  }
}

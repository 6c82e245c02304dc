// `pdb cluster transfer`

import ArgumentParser
import PDBKit

struct ClusterTransfer: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "transfer", abstract: "Hand leadership to another member.",
    discussion: "Without a member, the one that is furthest along takes over.")

  static let examples = [
    Example("pdb cluster transfer", "Let another node lead:")
  ]

  @Argument(
    help: ArgumentHelp("The member's id, address, or port if that is clear.", valueName: "member"))
  var member: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let leader = try await session.cluster().transferLeadership(to: member)
      session.noteChange()
      let url = leader.flatMap { try? NodeAddress(parsing: $0) }?.url
      let json: JSON = ["status": "transferred", "leader": JSON(url)]
      try session.show(json) {
        session.say(leader.map { "\($0) leads now" } ?? "no node yet leads now")
      }
    }
  }
}

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
      let leader = try await session.store().transferLeadership(to: member)
      session.noteChange()
      let json: JSON = [
        "status": "transferred", "leader": JSON(leader.map { "http://\($0)" }),
      ]
      try session.show(json) {
        session.say("\(leader ?? "no node yet") leads now")
      }
    }
  }
}

// `pdb cluster remove`

import ArgumentParser
import PDBKit

struct ClusterRemove: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove a member, dead or alive, for good.",
    discussion: """
      A removed node never comes back under its old identity: to use the machine again, move \
      the node's files away and start it with --join.
      """)

  static let examples = [
    Example("pdb cluster remove 127.0.0.1:4004", "Remove it for good:")
  ]

  @Argument(
    help: ArgumentHelp("The member's id, address, or port if that is clear.", valueName: "member"))
  var member: String

  @Flag(name: .long, help: "Even if too few of the remaining members answer now.")
  var force = false

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      guard !member.isEmpty else { throw PDBError(.badRequest, "no member is named") }
      let path = "/cluster/members/\(member.percentEncoded)" + (force ? "?force=true" : "")
      let answer = try await session.send(ClientRequest(.delete, path))
      try session.show(answer.json) {
        session.say("removed \(answer.json["address"]?.string ?? member)")
      }
    }
  }
}

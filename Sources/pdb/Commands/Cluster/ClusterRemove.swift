// `pdb cluster remove`

import ArgumentParser
import PDBKit

struct ClusterRemove: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove a member, dead or alive, for good.",
    discussion: """
      Asks first, with what is left. A removed node never comes back under its old identity: to \
      use the machine again, move the node's files away and start it with --join.
      """)

  static let examples = [
    Example("pdb cluster remove 127.0.0.1:4004 --yes", "Remove it for good:")
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
      session.willChange()
      let (id, question) = try await find(session)
      try await session.confirm(question)
      let removed = try await session.cluster().remove(id, force: force)
      session.noteChange()
      let json: JSON = [
        "status": "removed", "id": .string(removed.id), "address": .string(removed.address),
      ]
      try session.show(json) {
        guard Console.isTerminal(.output) else {
          return Console.write(row: [removed.id, removed.address])
        }
        session.say("removed \(removed.address)")
      }
    }
  }

  /// The id of the member that is meant, and what to ask: what is left, and what that may lose.
  private func find(_ session: Session) async throws -> (id: String, question: String) {
    let members = try await session.cluster().view().members
    let named = try members.member(named: member)
    let voters = members.count { $0.id != named.id && $0.isVoter }
    let margin =
      switch voters {
      case ..<2: "no other copy of the data"
      case 2: "losing one more stops changes"
      default: "losing \((voters - 1) / 2) more is survivable"
      }
    let question =
      voters == 1
      ? "remove member \(named.address) for good, which leaves 1 voter (\(margin))"
      : "remove member \(named.address) for good, which leaves \(voters) voters (\(margin))"
    return (named.id, question)
  }
}

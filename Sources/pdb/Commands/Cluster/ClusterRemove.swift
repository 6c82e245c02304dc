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
      let path = "/cluster/members/\(id.percentEncoded)" + (force ? "?force=true" : "")
      let answer = try await session.send(ClientRequest(.delete, path))
      try session.show(answer.json) {
        guard Console.isTerminal(.output) else {
          let cells = [answer.json["id"], answer.json["address"]].map { $0?.string ?? "" }
          return Console.write(cells.joined(separator: "\t"))
        }
        session.say("removed \(answer.json["address"]?.string ?? member)")
      }
    }
  }

  /// The id of the member that is meant, and what to ask: what is left, and what that may lose.
  private func find(_ session: Session) async throws -> (id: String, question: String) {
    let answer = try await session.send(ClientRequest(.get, "/cluster/members"))
    let members = answer.json["members"]?.array ?? []
    let named = members.first { listed in
      let address = listed["address"]?.string ?? ""
      return [listed["id"]?.string, address, address.split(separator: ":").last.map(String.init)]
        .contains(member)
    }
    guard let named, let id = named["id"]?.string else {
      throw PDBError(
        .memberNotFound, "there is no member '\(member.escapingControlCharacters)'",
        hint: "'pdb cluster members' lists ids and addresses")
    }
    let rest = members.filter { $0["id"]?.string != id }
    let voters = rest.count { $0["voter"]?.bool == true }
    let margin =
      switch voters {
      case ..<2: "no other copy of the data"
      case 2: "losing one more stops changes"
      default: "losing \((voters - 1) / 2) more is survivable"
      }
    let question =
      "remove member \(named["address"]?.string ?? member) for good, which leaves "
      + "\(voters) voter\(voters == 1 ? "" : "s") (\(margin))"
    return (id, question)
  }
}

// `pdb cluster invite`

import ArgumentParser
import PDBKit

struct ClusterInvite: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "invite", abstract: "Print an invitation for a node of another machine.",
    discussion: """
      The invitation is one word for 'pdb node start --join'. Who has it can become a member, once, \
      and is told the cluster's secret: hand it over as you would a password. Nodes of one user on \
      one machine need none.
      """)

  static let examples = [
    Example("pdb cluster invite --expires 600", "Let one node in within ten minutes:")
  ]

  @Option(
    name: .long,
    help: ArgumentHelp("How long it is good for (default: 3600).", valueName: "seconds"))
  var expires: Int?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      try await session.connection.meet()
      let found = try await session.connection.remoteStore.invite(seconds: expires)
      try session.show(found.json) {
        Console.write(cell: found.invitation)
        session.say(
          "on the other machine:  pdb node start --host ADDRESS --port PORT --join INVITATION")
      }
    }
  }
}

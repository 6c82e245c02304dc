// `pdb cluster add`

import ArgumentParser
import PDBKit

struct ClusterAdd: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Announce a new member; start it with --join.",
    discussion: """
      The new member receives everything first and votes once it has caught up, so announcing \
      a node that is not there yet costs nothing. 'pdb node start --join' announces itself.
      """)

  static let examples = [
    Example("pdb cluster add 127.0.0.1:4004", "Announce a node that will listen on port 4004:")
  ]

  @Argument(help: ArgumentHelp("Where the new node will listen.", valueName: "addr"))
  var address: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let address = try NodeAddress(parsing: address)
    try await Session.run(options) { session in
      session.willChange()
      let member = try await session.cluster().add(address)
      session.noteChange()
      let client = session.connection.client
      let json: JSON = [
        "id": .string(member.id), "address": .string(member.address),
        "cluster": JSON(client.identity?.cluster), "voter": .bool(member.isVoter),
      ]
      try session.show(json) {
        let known = try client.lastNode ?? session.firstAddress
        session.say("announced \(address) as member \(member.id)")
        session.say(
          address.isLoopback
            ? "start it:  pdb node start --port \(address.port) --join \(known)"
            : "start it with --join and what 'pdb cluster invite' prints")
      }
    }
  }
}

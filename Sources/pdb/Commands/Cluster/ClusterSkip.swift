// `pdb cluster skip`

import ArgumentParser
import PDBKit

struct ClusterSkip: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "skip", abstract: "Give up a committed entry that cannot be applied.",
    discussion: """
      An entry that no member can apply stops the state of all of them: 'pdb cluster status' names \
      it. Asks first, for what the entry was to change is lost. The decision is agreed like a \
      change; every member skips exactly this entry, and 'pdb log' says who decided it. Where \
      some members have applied it, the others need their version of pdb instead.
      """)

  static let examples = [
    Example("pdb cluster skip 1204 --yes", "Go on without entry 1204:")
  ]

  @Argument(
    help: ArgumentHelp("The index of the entry, as the alarm names it.", valueName: "index"))
  var index: UInt64

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      try await session.confirm(await question(session))
      let receipt = try await session.cluster().skip(index, from: Origin())
      session.noteChange()
      let json: JSON = [
        "status": "skipped", "index": JSON(index), "revision": JSON(receipt.revision),
      ]
      try session.show(json) { session.say("skipped entry \(index)") }
    }
  }

  /// What is asked: why the entry is to be skipped, and what that loses.
  private func question(_ session: Session) async throws -> String {
    let found = try await ClusterStatus.report(session).members.lazy
      .compactMap { $0.status?.poisoned }.first { $0.index == index }
    guard let found else {
      throw PDBError(
        .conflict, "no member says that it cannot apply entry \(index)",
        hint: "'pdb cluster status' names the entry where a state stopped, if there is one")
    }
    return "skip entry \(index) of term \(found.term) for good (\(found.reason)): "
      + "what it was to change is lost on all members"
  }
}

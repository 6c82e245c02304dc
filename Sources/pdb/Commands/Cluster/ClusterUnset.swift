// `pdb cluster unset`

import ArgumentParser
import PDBKit

struct ClusterUnset: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "unset", abstract: "Give a setting that all members share its default again.")

  static let examples = [
    Example("pdb cluster unset history.keep", "Keep the history whatever its age:")
  ]

  @Argument(help: PDBKit.Setting.help)
  var name: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      try await session.change(try PDBKit.Setting(named: name), to: nil)
    }
  }
}

// `pdb remote ls`

import ArgumentParser
import PDBKit

struct RemoteLs: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the remotes; '*' marks the one in use.")

  static let examples = [
    Example("pdb remote ls", "List the names of clusters:")
  ]

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let settings = try Settings()
    let remotes = try settings.remotes
    let used = settings[Setting.remote.rawValue]?.text
    if options.json {
      let list = remotes.map { remote in
        JSON.object(
          (remote.json.members ?? []) + [.init("used", .bool(remote.name == used))])
      }
      return Console.write(json: ["remotes": .array(list)])
    }
    var table = Table(
      .init(title: "USED"), .init(title: "NAME"), .init(title: "CLUSTER"),
      .init(title: "NODES", keepsFirstWord: true))
    for remote in remotes {
      table.add(
        remote.name == used ? "*" : "", remote.name, remote.identity?.cluster ?? "?",
        remote.places.joined(separator: " "))
    }
    table.print()
    if remotes.isEmpty, Console.isTerminal(.output), !options.quiet {
      Console.write("no remotes; 'pdb remote add NAME ADDR' gives a cluster a name")
    }
  }
}

// `pdb completion`

import ArgumentParser
import PDBKit

struct CompletionCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "completion", abstract: "Print the completion script of a shell.",
    discussion: """
      For bash: eval "$(pdb completion bash)" in ~/.bashrc. For zsh: the same in ~/.zshrc, after \
      compinit. For fish: pdb completion fish > ~/.config/fish/completions/pdb.fish. 'make \
      install' puts all three in place. Keys and task numbers are completed too.
      """)

  static let examples = [
    Example("pdb completion bash", "Print the script for bash:")
  ]

  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish
  }

  @Argument(help: "bash, zsh or fish.")
  var shell: Shell

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let script = CompletionScript.text(shell.rawValue)
    if options.json {
      Console.write(json: ["shell": .string(shell.rawValue), "script": .string(script)])
    } else {
      Console.write(bytes: Array(script.utf8))
    }
  }
}

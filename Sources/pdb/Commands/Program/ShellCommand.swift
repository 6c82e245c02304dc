// `pdb shell`

import ArgumentParser
import PDBKit

struct ShellCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "shell", abstract: "Type commands without the 'pdb', with history and Tab.",
    discussion: """
      The prompt shows the cluster, the node that is asked, its role and the term, and stays true \
      as they change; when the node dies another one takes its place. From a pipe, from a file \
      and with -e there is no prompt, and the first command that fails ends the shell with its \
      exit code, after saying where it stands.
      """)

  static let examples = [
    Example("pdb shell -e 'task add \"Học Python\"' -e 'task ls'", "Run two commands:"),
    Example("echo 'kv set a 1' | pdb shell", "Run the lines of a pipe:"),
  ]

  @Option(
    name: .short, parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Run this command; may be repeated.", valueName: "command"))
  var e: [String] = []

  @Option(name: .short, help: ArgumentHelp("Run the lines of this file.", valueName: "file"))
  var f: String?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let connection = try Connection(options, Settings())
    let status = await run(Shell(connection, globals: globals), connection)
    await connection.client.shutdown()
    if status != 0 { throw ExitCode(status) }
  }

  private func run(_ shell: Shell, _ connection: Connection) async -> Int32 {
    do {
      for script in try await scripts() {
        guard let status = await script.run(shell, isQuiet: options.json) else { return 0 }
        if status != 0 { return status }
      }
      let isInteractive = Console.inputIsTerminal && Console.isTerminal(.output)
      if e.isEmpty, f == nil, isInteractive {
        return await InteractiveShell(shell, connection).run()
      }
      return 0
    } catch let error as PDBError {
      ErrorReport(error, asJSON: options.json).print()
      return ExitStatus(error).rawValue
    } catch {
      return ExitStatus.bug.rawValue
    }
  }

  /// What there is to run before the user types.
  private func scripts() async throws -> [ShellScript] {
    var scripts: [ShellScript] = []
    if let f {
      scripts.append(try ShellScript(name: f, text: try await Input.bytes(of: f)))
      if f == "-" || Input.isStandardInput(f) { Input.isCommandSource = true }
    }
    if !e.isEmpty {
      scripts.append(try ShellScript(name: "-e", text: Bytes(e.joined(separator: "\n").utf8)))
    }
    let isInteractive = Console.inputIsTerminal && Console.isTerminal(.output)
    if scripts.isEmpty, !isInteractive {
      scripts.append(try ShellScript(name: "stdin", text: try await Input.bytes()))
      Input.isCommandSource = true
    }
    return scripts
  }

  /// The options of the shell, which every command in it gets.
  private var globals: [String] {
    var words: [String] = []
    if let timeout = options.wantedTimeout { words += ["--timeout", String(timeout)] }
    if let fields = options.fields { words += ["--fields", fields] }
    if options.json { words.append("--json") }
    if options.stale { words.append("--stale") }
    if options.yes { words.append("--yes") }
    if options.quiet { words.append("--quiet") }
    if options.verbose { words.append("--verbose") }
    return words
  }
}

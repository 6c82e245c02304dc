// The parts of pdb(1) that no definition of a command contains.

import PDBKit

enum ManualText {
  /// The options that every command takes.
  static var commonOptions: [CommandArgument] {
    CommandTree.root.find(["task", "clear"]).command.arguments.filter { !$0.isPositional }
  }

  static var general: [ManualPage.Block] {
    commands + options + output + finding + configuration + files + exitCodes + environment
  }

  private static var commands: [ManualPage.Block] {
    [.section("COMMANDS")]
      + CommandTree.root.groups.flatMap { group -> [ManualPage.Block] in
        [.heading(group.name)] + group.commands.map { .item("pdb \($0.name)", $0.abstract) }
      }
      + [
        .paragraph(aliases.string)
      ]
  }

  private static var aliases: TerminalText {
    let shipped = Settings.shippedAliases.sorted { $0.key < $1.key }
      .map { name, words -> TerminalText in "'\(name)' for '\(words)'" }
    return """
      A word that is not a command is looked up among the aliases (\
      \(TerminalText(shipped, separator: ", ")) come with pdb); then a program called pdb-WORD is \
      looked for. A program gets the words behind its name; the options before it are pdb's, and \
      which place they mean is in its environment.
      """
  }

  private static var options: [ManualPage.Block] {
    [
      .section("OPTIONS"),
      .paragraph("Every command takes these, before or after its name:"),
    ] + commonOptions.map { .item($0.label, $0.summary) }
      + [.item("-h, --help", "Show help information."), .item("--version", "Show the version.")]
  }

  private static let output: [ManualPage.Block] = [
    .section("OUTPUT"),
    .paragraph(
      "Data goes to stdout, messages to stderr. On a terminal data are tables. In a pipe they are "
        + "tab-separated values without a header, nothing is cut, the free text comes last, and "
        + "tab, line break and backslash are written \\t, \\n and \\\\. With --json they are one "
        + "JSON object; an error is one JSON object on stderr, and stdout is empty."),
    .paragraph(
      """
      What comes from data cannot steer a terminal: control characters, and marks that turn the \
      direction of writing, are shown as \\u{1B} and the like, in JSON as \\u001B. Only \
      'kv get --raw' prints a value's bytes as they are.
      """),
    .paragraph(
      "Every failure says what happened, whether the change was applied, and what to do. "
        + "\"Not applied\" is a promise; otherwise it is not known."),
  ]

  private static let finding: [ManualPage.Block] = [
    .section("FINDING THE DATA"),
    .paragraph(
      "The first of these that is set: --db, --node or --dir; PDB_DB; PDB_NODES; PDB_DIR; core.nodes of "
        + ".pdb/config; the data in .pdb of this folder or of one above it; the remote of 'pdb use'; "
        + "core.nodes of your own configuration; 127.0.0.1:4000."),
    .paragraph(
      "A folder needs no server ('pdb init' makes one): commands open its files one after the other. "
        + "While a node has the files ('pdb node start' in the folder), they ask the node. A folder of several nodes, "
        + "or of a member of a cluster, needs one that runs. What only nodes can do ends with 64."),
    .paragraph(
      "One living node is enough: it knows the leader and the others. A "
        + "change is repeated with the same request id until the answer is certain, for --timeout "
        + "seconds at most, and is applied once."),
    .paragraph(
      "A command means one cluster, told from others by its id and its birth, a random number: the "
        + "one that its remote was first met as, else the one that answers first. Another one that "
        + "answers in its place is neither changed nor read: the command ends with 76. "
        + "PDB_CLUSTER=ID/BIRTH names the one that is meant, whatever says where it is, --db and "
        + "--node, too; programs that a shell starts get the shell's. 'pdb status' shows all of it."
    ),
    .paragraph(
      "Where a token is set, each node is first asked without it which cluster it belongs to, and the "
        + "token is sent to one cluster only: the remote's, or the first that answers. A node of this "
        + "machine must prove before that it knows the token."),
    .paragraph(
      "Nodes of other machines are asked in TLS, and must show the key of --cluster-key, of the remote "
        + "or of core.cluster-key, or a certificate of --tls-ca or of the system's authorities. "
        + "'pdb cluster cert --hash' prints the key. https:// before an address asks for TLS on this "
        + "machine, too; http:// does without it on others, where nodes were started with --insecure."
    ),
  ]

  private static var configuration: [ManualPage.Block] {
    [
      .section("CONFIGURATION"),
      .paragraph(
        "The files are in the notation of git's: [section], then name = value. Later ones win: "
          + "/etc/pdb/config, $XDG_CONFIG_HOME/pdb/config, .pdb/config in this folder, then the "
          + "environment, then flags. A folder's file cannot set what runs programs or names "
          + "tokens. See pdb-config(1)."),
    ] + Setting.allCases.map { .item("\($0.rawValue), \($0.variable)", $0.summary) }
      + [
        .item(
          "alias.NAME", "What 'pdb NAME' stands for; !COMMAND runs a command of the system's shell."
        )
      ]
  }

  private static let files: [ManualPage.Block] = [
    .section("FILES"),
    .item(
      ".pdb/node_PORT.log-*, .pdb/node_PORT.values-*, .pdb/node_PORT.db",
      """
      The data of the node on that port: its log, large values, its state. A folder that other \
      users can write to is refused.
      """),
    .item(
      ".pdb/node_PORT.secret, $XDG_STATE_HOME/pdb/secret",
      """
      The secret of the node's cluster, from which its key follows, and the one by which your nodes on this \
      machine find each other. Only you can read them; others are refused.
      """),
    .item(
      "--token-file, --cluster-secret-file, core.token-file",
      """
      Files with a secret of 16 visible ASCII characters or more. They are yours or root's, and \
      only you can read them (mode 0600); others are refused.
      """),
    .item("/etc/pdb/config", "Settings of the whole system."),
    .item("$XDG_CONFIG_HOME/pdb/config", "Your settings and aliases (default: ~/.config)."),
    .item(
      ".pdb/config",
      "Settings of the folder that you are in, or of the one above it that has the data."),
    .item(
      "$XDG_STATE_HOME/pdb/", "Known clusters and the shell's history (default: ~/.local/state)."),
  ]

  /// What the page of a command has besides.
  static var more: [String: [ManualPage.Block]] {
    ["cluster": cluster, "shell": shell]
  }

  private static var cluster: [ManualPage.Block] {
    [.section("SETTINGS")]
      + PDBKit.Setting.allCases.map { setting -> ManualPage.Block in
        let (summary, form) = (setting.summary.translated, setting.form.translated)
        let text: TerminalText = "\(summary): \(form) (default: \(setting.defaultValue))."
        return .item(setting.name, text.string)
      }
      + [
        .paragraph(
          "The limits of the history hold on all nodes alike. The oldest revisions that exceed one of them "
            + "are forgotten with the changes that follow, some at every 16th entry of the log; what is "
            + "forgotten cannot be shown or undone. Ages are told by the times that the changes carry: as "
            + "long as nothing changes, nothing is forgotten.")
      ]
  }

  private static let shell: [ManualPage.Block] = [
    .section("LINES"),
    .paragraph(
      "A line holds a command, or several with ; between them, which run until one fails. Blanks "
        + "separate words. Single quotes keep everything between them together; within double "
        + "quotes \\\" and \\\\ stand for the signs themselves; a backslash elsewhere makes the next "
        + "sign text. # at the beginning of a word begins a comment."),
    .item(
      "COMMAND | PROGRAM",
      "A program of the system reads what the command prints. Everything up to the next ; belongs "
        + "to it, other | and > too. Its exit code counts unless the command fails."),
    .item(
      "COMMAND > FILE, COMMAND >> FILE",
      "What the command prints goes into a file, or at the end of a file."),
    .paragraph(
      "&&, ||, & and < are refused. Several lines that are pasted are shown first, and run when "
        + "Enter is pressed."),
    .section("DOT COMMANDS"),
    .item(".format table|tsv|json", "How results look (default: table)."),
    .item(".timing on|off", "Whether to tell how long each command takes (default: off)."),
    .item(".help", "A short description of the shell."),
    .item("clear", "Clear the screen."),
    .item("exit [CODE], quit, Ctrl-D", "Leave the shell."),
    .section("FILES"),
    .item(
      "$XDG_STATE_HOME/pdb/history",
      "The lines typed so far, 10,000 of them at most (default: below ~/.local/state). Lines that "
        + "begin with a blank are left out."),
    .item("~/.inputrc", "Keys and settings of GNU Readline; see readline(3)."),
  ]

  /// Pages that belong together beyond the groups of commands.
  static let related = [
    "task": ["pdb-log", "pdb-undo"], "kv": ["pdb-log", "pdb-undo"],
    "log": ["pdb-task", "pdb-kv"], "undo": ["pdb-task", "pdb-kv"],
    "restore": ["pdb-node"], "node": ["pdb-backup", "pdb-restore"],
    "import": ["pdb-undo"], "shell": ["pdb-task", "pdb-kv"],
  ]

  private static var exitCodes: [ManualPage.Block] {
    [.section("EXIT STATUS")]
      + ExitStatus.allCases.map { .item("\($0.rawValue)", $0.summary) }
  }

  private static let environment: [ManualPage.Block] = [
    .section("ENVIRONMENT"),
    .item("NO_COLOR", "No colours, whatever its value."),
    .item("COLUMNS", "How wide tables may be."),
    .item(
      "LC_ALL, LC_MESSAGES, LANG",
      "The language of what people read, English or Vietnamese (vi_VN.UTF-8); what programs read is "
        + "always the same. LANGUAGE may name several, the best one first."),
    .item("PAGER", "Shows what is longer than the screen, for task ls, log, show and help."),
    .item("PDB_CONFIG_SYSTEM", "The system's settings, instead of /etc/pdb/config."),
    .item("PDB_CONFIG_NOSYSTEM", "Whether to leave the system's settings out; yes or no."),
    .item("XDG_STATE_HOME", "Where known clusters and the shell's history are kept."),
  ]

  static let examples = [
    Example("pdb task add \"Học Python\"", "Add a task:"),
    Example("pdb task ls --json", "List the tasks for a program:"),
    Example("pdb cluster status", "See how the cluster is:"),
  ]
}

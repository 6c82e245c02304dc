// What `--json` prints, command by command; a test compares it with what they print.

/// The members of a command's JSON object.
struct AnswerShape {
  /// The name of the list, where the answer is one.
  let list: String?
  /// The members of the object, or of each item of the list.
  let fields: [String]
  /// The members beside the list.
  let others: [String]

  private init(_ fields: String) {
    (list, others) = (nil, [])
    self.fields = fields.split(separator: " ").map(String.init)
  }

  private init(list: String, of fields: String, and others: String = "") {
    self.list = list
    self.fields = fields.split(separator: " ").map(String.init)
    self.others = others.split(separator: " ").map(String.init)
  }

  /// As it stands in the manual.
  var text: String {
    func object(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }
    guard let list else { return "{\(object(fields))}" }
    let rest = others.isEmpty ? "" : ", " + object(others)
    return "{\"\(list)\": [{\(object(fields))}, ...]\(rest)}"
  }

  static func of(_ command: CommandTree) -> AnswerShape? {
    all[command.path.joined(separator: " ")]
  }

  private static let task = "id number title completed created_at"
  private static let revision =
    "revision time author operation term count request undoes changes"
  private static let setting = "name value default is_default"
  private static let pair = AnswerShape("key value revision")

  static let all: [String: AnswerShape] = [
    "task add": .init(list: "tasks", of: task + " revision", and: "revision"),
    "task ls": .init(list: "tasks", of: task + " revision", and: "revision"),
    "task show": .init(task + " revision"), "task edit": .init(task + " revision"),
    "task done": .init(list: "tasks", of: task), "task reopen": .init(list: "tasks", of: task),
    "task rm": .init("status count"), "task clear": .init("status count"),
    "kv set": pair, "kv get": pair, "kv incr": pair, "kv append": pair,
    "kv ls": .init(list: "pairs", of: "key value revision", and: "revision"),
    "kv rm": .init("status count missing"),
    "kv watch": .init("revision key value before time author operation"),
    "log": .init(
      list: "revisions", of: revision, and: "revision"),
    "show": .init(revision),
    "undo": .init("undone operation count revision"),
    "export": .init("status file bytes"), "backup": .init("status file bytes"),
    "import": .init("status count"), "restore": .init("status cluster revision time"),
    "cluster skip": .init("status index revision"),
    "cluster settings": .init(list: "settings", of: setting, and: "revision"),
    "cluster set": .init(setting + " revision"), "cluster unset": .init(setting + " revision"),
    "cluster invite": .init("invitation expires addresses"),
    "cluster cert": .init("key certificate"),
    "config get": .init("setting value scope origin"),
    "config list": .init(list: "settings", of: "setting value scope origin"),
    "config set": .init("setting value origin"), "config unset": .init("setting unset origin"),
    "completion": .init("shell script"), "ui": .init("url opened"),
  ]
}

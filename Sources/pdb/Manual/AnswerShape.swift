// What `--json` prints, command by command: the one table from which manual pages, help and the
// schemas in docs/schemas come. Tests compare it with what the commands print.
//
// From version 0.2 on it only grows: members and commands are added, and none is taken away or
// comes to mean something else.

import PDBKit

/// The JSON object that a command prints; of some commands, each line is one.
struct AnswerShape {
  let schema: Schema
  /// The name of the list, where the answer is one.
  let list: String?
  /// The members that are always there: of the object, or of each item of the list.
  let fields: [String]
  /// The members beside the list.
  let others: [String]

  private init(_ members: [Schema.Member]) {
    schema = .object(members)
    (list, others) = (nil, [])
    fields = Self.names(members)
  }

  private init(_ schema: Schema) { self.init(schema.members) }

  private init(list: String, of items: [Schema.Member], and others: [Schema.Member] = []) {
    schema = .object([.required(list, .array(of: .object(items)))] + others)
    self.list = list
    fields = Self.names(items)
    self.others = Self.names(others)
  }

  private static func names(_ members: [Schema.Member]) -> [String] {
    members.filter(\.isRequired).map(\.name)
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

  /// The names of the lists that answers are.
  static let lists = Set(all.values.compactMap(\.list))

  /// The schemas by their place in the sources.
  static var schemas: [(name: String, text: String)] {
    all.sorted { $0.key < $1.key }.map { name, shape in
      let document = shape.schema.document(
        title: "pdb \(name)", about: "What 'pdb \(name) --json' prints; it may grow by members")
      return ("docs/schemas/\(name.replacing(" ", with: "-")).json", document.indented + "\n")
    }
  }
}

// MARK: The table

extension AnswerShape {
  static let all: [String: AnswerShape] = [
    "task add": .init(list: "tasks", of: task, and: [revision]),
    "task ls": .init(list: "tasks", of: task, and: [revision]),
    "task show": .init(task), "task edit": .init(task),
    "task done": .init(list: "tasks", of: Schema.taskMembers),
    "task reopen": .init(list: "tasks", of: Schema.taskMembers),
    "task rm": .init(count(of: "deleted")), "task clear": .init(count(of: "deleted")),
    "kv set": .init(.pair), "kv incr": .init(.pair), "kv append": .init(.pair),
    "kv get": .init(defaultedPair), "kv touch": .init(.pair), "kv edit": .init(.pair),
    "kv ttl": .init([
      .required("key", .string), .required("ttl_ms", .count.nullable), revision,
    ]),
    "kv ls": .init(list: "pairs", of: Schema.pair.members, and: [revision]),
    "kv rm": .init(count(of: "deleted") + [.required("missing", .array(of: .string))]),
    "kv watch": .init(watched),
    "txn": .init(Schema.transaction.members + [revision]),
    "log": .init(list: "revisions", of: Schema.revision.members, and: [revision]),
    "show": .init(.revision),
    "undo": .init(Schema.undone.members + [revision]),
    "redo": .init(Schema.undone.members + [revision]),
    "revert": .init(count(of: "reverted") + [revision]),
    "diff": .init(.differences),
    "blame": .init(list: "lines", of: blamed, and: [.required("key", .string.nullable), revision]),
    "tag": .init(list: "tags", of: Schema.tag.members, and: [revision]),
    "bisect run": .init([
      .required("first_bad", .unsigned), .required("tested", .count),
    ]),
    "export": .init(file("exported")), "backup": .init(file("copied")),
    "import": .init(count(of: "imported")), "restore": .init(restored),
    "status": .init(place), "wait": .init(done("ok")),
    "use": .init([.required("remote", .string.nullable), .optional("used", .boolean)]),
    "init": .init([
      .required("path", .string), .required("cluster", .string.nullable),
      .required("created", .boolean),
    ]),
    "verify": .init(list: "nodes", of: verified, and: [.required("path", .string)]),
    "remote add": .init(remote), "remote accept": .init(remote), "remote rename": .init(remote),
    "remote rm": .init(remote),
    "remote ls": .init(list: "remotes", of: remote + [.required("used", .boolean)]),
    "cluster status": .init(list: "members", of: reportedMember, and: report),
    "cluster members": .init(
      list: "members", of: Schema.member.members,
      and: [.required("cluster", .string), .required("removed", .array(of: .string))]),
    "cluster add": .init(.newMember), "cluster remove": .init(.removedMember),
    "cluster transfer": .init(.transferred), "cluster skip": .init(.skipped),
    "cluster settings": .init(list: "settings", of: Schema.settingMembers, and: [revision]),
    "cluster set": .init(Schema.settingMembers + [revision]),
    "cluster unset": .init(Schema.settingMembers + [revision]),
    "cluster invite": .init(.invitation), "cluster cert": .init(.certificate),
    "node status": .init(.nodeStatus),
    "node stop": .init(done("stopped") + [.required("node", .string)]),
    "config get": .init(setting),
    "config list": .init(list: "settings", of: setting),
    "config set": .init([
      .required("setting", .string), .required("value", .string), .required("origin", .string),
    ]),
    "config unset": .init([
      .required("setting", .string), .required("unset", .boolean), .required("origin", .string),
    ]),
    "completion": .init([.required("shell", .string), .required("script", .string)]),
    "ui": .init([.required("url", .string), .required("opened", .boolean)]),
  ]

  private static let revision = Schema.Member.required("revision", .unsigned)
  private static let task = Schema.task.members

  private static func done(_ status: String) -> [Schema.Member] {
    [.required("status", .only(status))]
  }

  private static func count(of status: String) -> [Schema.Member] {
    done(status) + [.required("count", .count)]
  }

  private static func file(_ status: String) -> [Schema.Member] {
    done(status) + [.required("file", .string), .required("bytes", .count)]
  }

  /// A value that was not there, and stands in for it, has no revision.
  private static let defaultedPair =
    Schema.pair.members.filter { $0.name != "revision" }
    + [.required("revision", .unsigned.nullable)]

  /// Where the history is gone that was asked for, `{"reset":true,"revision"}` stands instead.
  private static let watched: [Schema.Member] = [
    revision, .required("key", .string.nullable), .optional("key_b64", .string),
    .required("value", .any), .required("before", .any), .required("time", .time),
    .required("author", .string), .required("operation", .string),
  ]

  private static let restored: [Schema.Member] =
    done("restored") + [.required("cluster", .string), revision, .required("time", .time)]

  /// A member of a value, or the whole value where it is no object.
  private static let blamed: [Schema.Member] = [
    revision, .required("time", .time.nullable), .required("author", .string.nullable),
    .required("member", .string.nullable), .required("value", .any),
  ]

  private static let place: [Schema.Member] = [
    .required("place", .string), .required("remote", .string.nullable),
    .required("folder", .string.nullable), .required("nodes", .array(of: .string)),
    .required("reason", .string), .required("cluster", .string.nullable),
    .required("birth", .string.nullable), .required("health", .string.nullable),
    .required("verdict", .string.nullable),
  ]

  private static let verified: [Schema.Member] = [
    .required("node", .unsigned), .required("state", .choice(["sound", "running", "damaged"])),
    .required("revision", .unsigned.nullable), .required("message", .string.nullable),
  ]

  private static let remote: [Schema.Member] = [
    .required("name", .string), .required("nodes", .array(of: .string)),
    .required("cluster", .string.nullable), .required("birth", .string.nullable),
    .required("token_file", .string.nullable), .required("key", .string.nullable),
    .required("tls_ca", .string.nullable),
  ]

  private static let report: [Schema.Member] = [
    .required("cluster", .string), .required("health", .string), .required("verdict", .string),
    .required("leader", .string.nullable), .required("term", .unsigned.nullable),
    .required("quorum", .count),
  ]

  private static let reportedMember: [Schema.Member] = [
    .required("id", .string), .required("address", .string),
    .required("state", .choice(["up", "down"])), .required("role", .string.nullable),
    .required("term", .unsigned.nullable), .required("applied", .unsigned.nullable),
    .required("lag", .unsigned.nullable), .required("revision", .unsigned.nullable),
    .required("hash", .string.nullable), .required("failure", .string.nullable),
    .required("voter", .boolean), .required("silent_ms", .unsigned.nullable),
    .required("behind", .boolean), .required("restart", .string.nullable),
    .required("alarms", .array(of: .string)), .required("poisoned", Schema.poisoned.nullable),
  ]

  private static let setting: [Schema.Member] = [
    .required("setting", .string), .required("value", .string), .required("scope", .string),
    .required("origin", .string),
  ]
}

extension JSON {
  /// The text over several lines, for people who read the sources.
  var indented: String { indented("") }

  private func indented(_ margin: String) -> String {
    let inner = margin + "  "
    func lines(_ parts: [String], _ open: String, _ close: String) -> String {
      parts.isEmpty
        ? open + close
        : "\(open)\n" + parts.map { inner + $0 }.joined(separator: ",\n") + "\n\(margin)\(close)"
    }
    switch self {
    case .array(let elements): return lines(elements.map { $0.indented(inner) }, "[", "]")
    case .object(let members):
      let parts = members.map { "\(JSON.string($0.name).text): \($0.value.indented(inner))" }
      return lines(parts, "{", "}")
    default: return text
    }
  }
}

// What answers look like. The forms themselves are written where the types are (Pair+JSON,
// Cluster+JSON, Revision+JSON, ...); tests hold what a node answers against these.

import PDBCoordinator
package import PDBModel
import PDBStore

// MARK: Parts

extension Schema {
  /// A key that is text.
  static let key = string(pattern: "^[^\\u0000]", least: 1, most: Limits.keyBytes)
    .about("\(Limits.keyBytes) bytes of UTF-8 at most; NUL cannot be the first")
  /// A key as bytes.
  static let keyBytes = Schema.base64(pattern: "(?!A[A-P])", least: 4)
    .about("A key that is no text, in base64")
  /// A value as bytes.
  static let valueBytes = Schema.base64().about("A value that is no JSON, in base64")

  /// RFC 4648, section 4.
  private static func base64(pattern begin: String = "", least: Int? = nil) -> Schema {
    string(
      pattern: "^\(begin)([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
      least: least
    ).with("contentEncoding", "base64")
  }

  /// A revision as users name it.
  static let revisionName = string(least: 1).about(
    "A revision: its number, '@' for the newest, '@~3', a tag, or a time"
  ).named("RevisionName")
  /// The same, or its number as such.
  static let revisionReference = any(of: [revisionName, unsigned])
  static let tagName = string(least: 1, most: Limits.tagBytes).about(
    "A letter, then letters, digits, '.', '_', '-' and '/', without '..'"
  ).named("TagName")

  /// An object that says only what was done, and more of it.
  private static func done(_ status: String, _ more: [Member] = []) -> Schema {
    object([.required("status", .only(status))] + more)
  }
}

// MARK: Errors

extension Schema {
  package static let error = object([
    .required("error", Schema.choice(PDBError.Code.known.map(\.rawValue)).named("ErrorCode")),
    .required("message", .string.about("What happened, for people")),
    .required(
      "outcome",
      Schema.choice(["applied", "not_applied", "unknown"]).named("Outcome").about(
        "What became of the change that was asked for; not_applied is a promise")),
    .optional("hint", .string.about("What can be done about it, for people")),
  ]).named("Error")
}

// MARK: Tasks

extension Schema {
  package static let taskMembers: [Member] = [
    .required("id", .string), .required("number", .unsigned.about("Counts up, never reused")),
    .required("title", .string), .required("completed", .boolean),
    .required("created_at", .string.about("RFC 3339, or as another program wrote it")),
    .optional("completed_at", .any.about("When it was ticked off")),
    .optional("due", .any.about("Until when it is to be done: a day, or a moment with its offset")),
    .optional("priority", .any.about("high, medium or low")),
    .optional("tags", .any.about("Words")), .optional("project", .any),
    .optional("notes", .any),
  ]

  package static let task = object(
    taskMembers + [.required("revision", .unsigned.about("The revision that it is as of"))]
  ).about("Members that pdb does not know are kept as they were written").named("Task")

  package static let taskList = object([
    .required("tasks", .array(of: task)), .required("revision", .unsigned),
  ]).named("TaskList")

  static let removed = done("deleted").named("Removed")
  static let removedCount = done("deleted", [.required("count", .count)]).named("RemovedCount")
}

// MARK: Pairs

extension Schema {
  /// A key in an answer.
  private static let keyMembers: [Member] = [
    .required("key", .string.nullable.about("null where the key is no text")),
    .optional("key_b64", .keyBytes),
  ]

  private static let pairMembers: [Member] =
    keyMembers + [
      .required("value", .any.about("Any JSON; null, too, where the value is none")),
      .optional("value_b64", .valueBytes),
      .required("revision", .unsigned.about("The revision that made it")),
      .optional(
        "ttl_ms",
        .count.about("For how long it lives yet, at least, if it ends; only where one key is read")),
    ]

  package static let pair = object(pairMembers).named("Pair")

  package static let pairList = object([
    .required("pairs", .array(of: pair)), .required("revision", .unsigned),
  ]).named("PairList")

  static let jobs = map(of: .any).about("Values by key").named("Jobs")

  static let setPair = object(
    [.required("status", .only("ok")), .required("role", .only("leader"))] + pairMembers
  ).named("SetPair")
  static let setCount = done("ok", [.required("count", .count)]).named("SetCount")
  static let setAnswer = any(of: [setPair, setCount]).named("SetAnswer")
  static let replicated = done("replicated").named("Replicated")
}

// MARK: Transactions

extension Schema {
  package static let transaction = done(
    "committed",
    [
      .required(
        "answers", .array(of: .any).about("A Pair, {\"tasks\"}, or {\"count\"} for each step"))
    ]
  ).named("TransactionDone")
}

// MARK: History

extension Schema {
  private static let keyChange = object(
    keyMembers + [
      .required("before", .any.about("The value; null where there was none")),
      .required("after", .any.about("The value; null where there is none")),
    ]
  ).named("KeyChange")

  private static let settingChange = object([
    .required("name", .string), .required("before", .string), .required("after", .string),
  ]).named("SettingChange")

  package static let revision = object([
    .required("revision", .unsigned), .required("time", .time), .required("author", .string),
    .required("operation", .string),
    .required("undoes", unsigned.nullable.about("The revision that it took back")),
    .required("term", .unsigned),
    .required("request", string.nullable.about("The id of the request")),
    .required("count", count.about("How many keys and settings it changed")),
    .required("changes", array(of: keyChange).about("All of them, or the first ones in a list")),
    .optional("settings", .array(of: settingChange)),
  ]).named("Revision")

  static let historyPage = object([
    .required("revisions", .array(of: revision)), .required("revision", .unsigned),
    .required("compacted", .unsigned.about("Revisions up to this one are forgotten")),
    .required("next", unsigned.nullable.about("'before' of the next page; null on the last one")),
  ]).named("HistoryPage")

  package static let undone = done(
    "undone",
    [
      .required("undone", .unsigned), .required("operation", .string), .required("count", .count),
    ]
  ).named("Undone")
}

// MARK: Tags and states

extension Schema {
  package static let tag = object([
    .required("name", .tagName), .required("revision", .unsigned.about("The one that it names")),
  ]).named("Tag")

  package static let tagList = object([
    .required("tags", .array(of: tag)), .required("revision", .unsigned),
  ]).named("TagList")

  package static let reverted = done("reverted", [.required("count", .count)]).named("Reverted")

  package static let differences = object([
    .required("from", .unsigned.about("The revision of the state before")),
    .required("changes", .array(of: keyChange)),
    .required("revision", .unsigned.about("The revision of the state after")),
  ]).named("Differences")
}

// MARK: Transfers

extension Schema {
  static let stagedParts = object([.required("parts", .count)]).named("StagedParts")
  static let staged = done("staged", [.required("count", .count)]).named("Staged")
  static let imported = done("imported", [.required("count", .count)]).named("Imported")
  static let discarded = done("discarded", [.required("count", .count)]).named("Discarded")
}

// MARK: The cluster

extension Schema {
  static let well = done("ok").named("Well")

  static let health = object([
    .required("status", .only("ok")), .required("port", .port), .required("is_leader", .boolean),
    .required("term", .unsigned),
  ]).named("Health")

  static let heartbeat = object([
    .required("status", .only("alive")), .required("port", .port),
    .required("is_leader", .boolean), .required("current_leader", string.nullable),
    .required("leader", string.nullable), .required("term", .unsigned),
  ]).named("Heartbeat")

  private static let port = integer(1, 65535)

  package static let nodeStatus = object([
    .required("node", .string), .required("cluster", .string), .required("birth", string.nullable),
    .required("incarnation", .string), .required("address", .string), .required("port", .port),
    .required("role", .string), .required("is_leader", .boolean),
    .required("leader", string.nullable), .required("current_leader", string.nullable),
    .required("term", .unsigned), .required("peers", .array(of: .string)),
    .required("last_heartbeat", number.nullable.about("Seconds since 1970")),
    .required("commit", .unsigned), .required("commit_settled", .unsigned),
    .required("applied", .unsigned), .required("last", .unsigned),
    .required("log_first", .unsigned), .required("log_entries", .count),
    .required("log_bytes", .count), .required("revision", .unsigned),
    .required("hash", .string.about("Of the state, in hexadecimal")),
    .required("alarms", .array(of: .string)), .required("insecure", .boolean),
    .required("started", Schema.time.nullable.about("When its process began")),
    .required("poisoned", poisoned.nullable), .required("version", .string),
  ]).named("NodeStatus")

  package static let poisoned = object([
    .required("index", .unsigned), .required("term", .unsigned), .required("reason", .string),
  ]).named("PoisonedEntry")

  static let clusterView = object([
    .required("cluster", .string), .required("birth", string.nullable),
    .required("leader", string.nullable), .required("followers", .array(of: .string)),
    .required("current_node", .string), .required("is_leader", .boolean),
    .required("term", .unsigned), .required("quorum", .count),
    .required("engine", .string.about("What keeps the data: raft, or etcd")),
    .required("members", .array(of: member)), .required("removed", .array(of: .string)),
  ]).named("ClusterView")

  private static let sentMessages = object([
    .required("to", .string.about("The id of the receiver")), .required("kind", .string),
    .required("count", .unsigned), .required("term", .unsigned),
    .optional("index", .unsigned.about("Of the last entry that it is about")),
    .optional("entries", .unsigned.about("How many entries were in them")),
  ])

  package static let consensusFrame = object([
    .required("time", .unsigned.about("Milliseconds since 1970")),
    .required("node", .string), .required("address", .string), .required("role", .string),
    .required("term", .unsigned), .required("vote", string.nullable.about("Who has its vote")),
    .required("votes", .any.about("The answers to a candidate, by the id of the voter")),
    .required("leader", string.nullable),
    .required("silence", .unsigned.about("Milliseconds since the leader was heard")),
    .required("timeout", .unsigned.about("Milliseconds of silence that start an election")),
    .required("committed", .unsigned), .required("applied", .unsigned),
    .required("durable", .unsigned.about("The last entry that is on this node's disk")),
    .required("last", .unsigned),
    .required(
      "terms",
      .array(of: .unsigned)
        .about("Of the last entries, the newest last")),
    .required("messages", .array(of: sentMessages).about("Sent since the last frame")),
  ]).named("Frame")

  static let timeline = object([
    .required("node", .string), .required("address", .string),
    .required(
      "entries",
      .array(
        of: object([
          .required("time", .string),
          .required("kind", .choice(Timeline.Kind.allCases.map(\.rawValue))),
          .required("term", .unsigned),
          .optional("member", .string.about("The member that it is about, if not the node itself")),
          .optional("detail", .string),
        ]))),
  ]).named("Timeline")

  private static let memberMembers: [Member] = [
    .required("id", .string), .required("address", .string),
  ]

  package static let member = object(
    memberMembers + [
      .required("url", .string), .required("is_leader", .boolean), .required("voter", .boolean),
      .optional("match", .unsigned.about("The last index that it is known to have")),
      .optional("silent_ms", .unsigned.about("For how long it has not answered")),
      .optional("restart", string.nullable.about("The command that starts it again")),
    ]
  ).named("Member")

  static let memberList = object([
    .required("cluster", .string), .required("members", .array(of: member)),
    .required("removed", .array(of: .string)),
  ]).named("MemberList")

  package static let newMember = object(
    memberMembers + [.required("cluster", .string), .required("voter", .boolean)]
  ).named("NewMember")
  static let admission = object(
    memberMembers + [.required("cluster", .string), .required("secret", .string)]
  ).named("Admission")
  package static let removedMember = done("removed", memberMembers).named("RemovedMember")

  package static let certificate = object([
    .required("key", .string.about("The hash of the cluster's key")),
    .required("certificate", .string.about("In PEM")),
  ]).named("Certificate")

  package static let invitation = object([
    .required("invitation", .string), .required("expires", .time),
    .required("addresses", .array(of: .string)),
  ]).named("Invitation")

  static let stopping = done("stopping", [.required("process", .count)]).named("Stopping")
  package static let transferred = done("transferred", [.required("leader", string.nullable)])
    .named("Transferred")
  package static let skipped = done(
    "skipped", [.required("index", .unsigned), .required("revision", .unsigned)]
  ).named("Skipped")
}

// MARK: Settings

extension Schema {
  package static let settingMembers: [Member] = [
    .required("name", .string), .required("value", .string), .required("default", .string),
    .required("is_default", .boolean),
  ]

  private static let setting = object(settingMembers).named("Setting")

  static let settings = object([.required("settings", .array(of: setting))]).named("Settings")

  static let changedSetting = object(
    settingMembers + [.required("count", .count.about("1, or 0 if it was so already"))]
  ).named("ChangedSetting")
}

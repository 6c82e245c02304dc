// What the log replicates: every change that pdb can make, as data.

/// One change of the state. Applying it is a pure function of the state and the ``Stamp``.
package enum Operation: Equatable, Sendable {
  case addTasks([NewTask])
  case editTask(TaskReference, TaskEdit, Condition)
  case removeTask(TaskReference, Condition)
  case removeCompletedTasks
  case set(key: Bytes, value: Bytes, Condition)
  case setMany([NewPair])
  case delete(keys: [Bytes], Condition)
  case increment(key: Bytes, by: Int64)
  case append(key: Bytes, values: [Bytes])
  /// Takes a revision back; `nil`: the author's newest that stands.
  case undo(UInt64?)
  /// Takes the author's newest undo back.
  case redo
  /// Gives keys the values that they had at a revision.
  case restore(RevisionName, prefix: Bytes)
  /// Names a revision.
  case tag(TagName, RevisionName, replace: Bool)
  case removeTag(TagName)
  /// Makes several changes, all or none; see ``mayBeStep``.
  case transaction([Operation])
  /// Reads a key, if a condition holds; only as a step of a transaction.
  case get(key: Bytes, Condition)
  /// Sets a key that ceases to be.
  case setExpiring(key: Bytes, value: Bytes, Condition, Lease)
  /// Moves the time at which a key ceases to be; `nil`: never.
  case touch(key: Bytes, Condition, Lease?)
  /// The lease time has come so far: what is due goes.
  case expire(at: UInt64)
  /// Puts a part of an import aside, where users do not see it.
  case stageImport(ImportPart)
  /// Makes all parts of an import visible at once.
  case commitImport(id: String, parts: UInt64, ExistingKeys)
  /// Forgets what was put aside.
  case discardImport(id: String)
  /// All members understand this version.
  case raiseVersion(ClusterVersion)
  /// Gives a setting a value; `nil`: the default.
  case setSetting(Setting, value: String?)
  /// Skips a poisoned entry; see ``PoisonedEntry``.
  case skipEntry(LogPosition)

  /// A short name for logs and history.
  package var name: String {
    switch self {
    case .addTasks: "task add"
    case .editTask(_, let edit, _):
      switch (edit.title, edit.completed, edit.fields.isEmpty) {
      case (nil, true, true): "task done"
      case (nil, false, true): "task reopen"
      default: "task edit"
      }
    case .removeTask: "task rm"
    case .removeCompletedTasks: "task clear"
    case .set, .setMany, .setExpiring: "kv set"
    case .touch: "kv touch"
    case .expire: "kv expire"
    case .delete: "kv rm"
    case .increment: "kv incr"
    case .append: "kv append"
    case .undo(let revision): revision.map { "undo \($0)" } ?? "undo"
    case .redo: "redo"
    case .restore(let name, let prefix):
      "revert --to \(name)" + (prefix.isEmpty ? "" : " \(prefix.shown)")
    case .tag(let tag, _, _): "tag \(tag)"
    case .removeTag(let tag): "tag -d \(tag)"
    case .transaction: "txn"
    case .get: "kv get"
    case .stageImport, .commitImport, .discardImport: "import"
    case .raiseVersion: "cluster upgrade"
    case .setSetting(let setting, let value?): "cluster set \(setting.name) \(value)"
    case .setSetting(let setting, nil): "cluster unset \(setting.name)"
    case .skipEntry(let entry): "cluster skip \(entry.index)"
    }
  }

  /// Since when all members understand it. In an older cluster it must not be proposed.
  package var version: ClusterVersion {
    switch self {
    case .addTasks(let tasks) where tasks.contains { !$0.fields.isEmpty }: .taskFields
    case .editTask(_, let edit, _) where !edit.fields.isEmpty: .taskFields
    case .setSetting: .checksums
    case .skipEntry: .skips
    case .redo, .restore, .tag, .removeTag: .tags
    case .transaction(let steps): steps.reduce(.transactions) { max($0, $1.version) }
    case .get: .transactions
    case .setExpiring, .touch, .expire: .leases
    default: .first
    }
  }
}

extension Operation {
  /// Whether it can be a step of a transaction: it changes keys or tasks that it names.
  package var mayBeStep: Bool {
    switch self {
    case .addTasks, .editTask, .removeTask, .removeCompletedTasks, .set, .setMany, .delete,
      .increment, .append, .get, .setExpiring, .touch:
      true
    default: false
    }
  }
}

/// A task to add; its id is drawn before the operation is proposed.
package struct NewTask: Equatable, Sendable {
  package let id: String
  package let title: String
  package let fields: TaskFields

  package init(id: String, title: String, fields: TaskFields = TaskFields()) {
    self.id = id
    self.title = title
    self.fields = fields
  }
}

/// A pair to set, together with others.
public struct NewPair: Equatable, Sendable {
  /// The key to set.
  public let key: Bytes
  /// The new value: JSON, or bytes that are not text.
  public let value: Bytes

  /// A pair to set.
  public init(key: Bytes, value: Bytes) {
    self.key = key
    self.value = value
  }
}

/// What to change about a task; `nil` leaves a part as it is.
public struct TaskEdit: Equatable, Sendable {
  /// The new title.
  public var title: String?
  /// Whether the task is done.
  public var completed: Bool?
  /// Other fields; those that nothing is said of stay.
  public var fields = TaskFields()

  /// An edit; without arguments it changes nothing.
  public init(title: String? = nil, completed: Bool? = nil, fields: TaskFields = TaskFields()) {
    self.title = title
    self.completed = completed
    self.fields = fields
  }
}

/// What must hold for a task or a pair to be changed.
public enum Condition: Equatable, Sendable {
  /// Nothing: the change is made in any case.
  case none
  /// It does not exist yet.
  case absent
  /// It exists and was last changed by this revision.
  case revision(UInt64)
}

/// Everything undetermined that an operation needs, decided before it is proposed.
package struct Stamp: Equatable, Sendable {
  /// When the leader proposed the operation.
  package var time: Timestamp
  /// Who asked for it, as they say themselves; free text.
  package var author: String
  /// Who asked for it, as they proved; `nil` where nobody has to. Not used yet.
  package var principal: String?
  /// Names the request, so that a repetition is recognised.
  package var request: RequestID?

  package init(
    time: Timestamp, author: String, principal: String? = nil, request: RequestID?
  ) {
    self.time = time
    self.author = author
    self.principal = principal
    self.request = request
  }
}

/// The identity of a request across retries (design: exactly once).
package struct RequestID: Equatable, Sendable {
  package let id: String
  /// Of what was asked, so that the same id with another request is noticed.
  package let fingerprint: UInt64
  /// For a retry, when the request was first sent by the clock of the node that stamped it;
  /// `nil` for a first attempt. Lets the state tell "forgotten" from "new" as long as members are of
  /// version 0.1.
  package let firstSent: Timestamp?
  /// For a retry, the revision that the client knew before it first sent the request: if it was applied,
  /// then after that. Zero if it knew none, `nil` for a first attempt. Lets the state tell "forgotten" from "new".
  package let knownRevision: UInt64?

  package init(
    id: String, fingerprint: UInt64, firstSent: Timestamp?, knownRevision: UInt64? = nil
  ) {
    self.id = id
    self.fingerprint = fingerprint
    self.firstSent = firstSent
    self.knownRevision = knownRevision
  }

  /// A request as the history remembers it.
  package init(stored id: String) { self.init(id: id, fingerprint: 0, firstSent: nil) }
}

/// An operation as it stands in the log.
package struct StampedOperation: Equatable, Sendable {
  package let stamp: Stamp
  package let operation: Operation

  package init(stamp: Stamp, operation: Operation) {
    self.stamp = stamp
    self.operation = operation
  }
}

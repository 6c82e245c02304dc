// What a store can be asked for.

public import PDBModel

/// Which pairs are wanted.
public struct PairQuery: Equatable, Sendable {
  /// Only keys that begin with this.
  public var prefix: Bytes = []
  /// Only keys that sort after this.
  public var after: Bytes?
  /// How many at most; `nil`: all.
  public var limit: Int?
  /// Whether tasks are wanted too, unless the prefix is that of tasks.
  public var includesTasks = false

  /// A query; without arguments it is for all pairs that are no tasks.
  public init(
    prefix: Bytes = [], after: Bytes? = nil, limit: Int? = nil, includesTasks: Bool = false
  ) {
    self.prefix = prefix
    self.after = after
    self.limit = limit
    self.includesTasks = includesTasks
  }
}

/// Which tasks are wanted.
public struct TaskQuery: Equatable, Sendable {
  /// `nil`: whether they are completed does not matter.
  public var isCompleted: Bool?
  /// Words that the title must hold, whatever their case and accents.
  public var words = ""
  /// What its fields must hold.
  public var filter: TaskFilter
  /// Only tasks that come after this one in the list.
  public var after: TaskReference?
  /// How many at most; `nil`: all.
  public var limit: Int?

  /// A query; without arguments it is for all tasks.
  public init(
    isCompleted: Bool? = nil, words: String = "", filter: TaskFilter = TaskFilter(),
    after: TaskReference? = nil, limit: Int? = nil
  ) {
    self.isCompleted = isCompleted
    self.words = words
    self.filter = filter
    self.after = after
    self.limit = limit
  }
}

/// Which part of the history is wanted.
public struct HistoryQuery: Sendable {
  /// Which revisions are wanted, and which of their changes.
  public var filter: HistoryFilter
  /// Only revisions before this one.
  public var before: UInt64?
  /// How many at most; a page has fewer where they are large.
  public var limit: Int

  /// A query; without arguments it is for the newest 50 revisions.
  public init(filter: HistoryFilter = HistoryFilter(), before: UInt64? = nil, limit: Int = 50) {
    self.filter = filter
    self.before = before
    self.limit = limit
  }
}

/// Which revisions are wanted, and which of their changes.
public struct HistoryFilter: Equatable, Sendable {
  /// Only changes of this task, by number, id, or the beginning of its id. A task that is gone is
  /// still found.
  public var task: String?
  /// Only changes of this key.
  public var key: Bytes?
  /// Only changes of keys that begin with this.
  public var prefix: Bytes?
  /// Only revisions by this author.
  public var author: String?
  /// Only changes of values after which this text occurs more often than before, or less.
  public var text: String?
  /// Only revisions that are stamped at this time or later.
  public var since: Timestamp?
  /// Only revisions that are stamped at this time or earlier.
  public var until: Timestamp?

  /// A filter; without arguments it lets everything through.
  public init(
    task: String? = nil, key: Bytes? = nil, prefix: Bytes? = nil, author: String? = nil,
    text: String? = nil, since: Timestamp? = nil, until: Timestamp? = nil
  ) {
    self.task = task
    self.key = key
    self.prefix = prefix
    self.author = author
    self.text = text
    self.since = since
    self.until = until
  }

  /// Whether it lets everything through.
  var isEmpty: Bool { self == HistoryFilter() }
}

/// Which two states are compared.
public struct DifferenceQuery: Equatable, Sendable {
  /// What is before.
  public var from: RevisionName
  /// What is after.
  public var to: RevisionName
  /// Only keys that begin with this.
  public var prefix: Bytes

  /// A comparison of all keys with the newest state, if nothing else is said.
  public init(from: RevisionName, to: RevisionName = .newest, prefix: Bytes = []) {
    self.from = from
    self.to = to
    self.prefix = prefix
  }
}

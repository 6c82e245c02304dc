// Every limit a user can run into, in one place, units last in the name.

/// The limits of a node. All are checked before anything is proposed.
public enum Limits {
  /// The request line and headers together.
  public static let headBytes = 16 << 10
  /// The body of a request.
  public static let bodyBytes = 1 << 20
  /// A key.
  public static let keyBytes = 1 << 10
  /// A value, a task among them.
  public static let valueBytes = 512 << 10
  /// A task's title in UTF-8.
  public static let titleBytes = 4 << 10
  /// How deep arrays and objects of a value may be nested.
  public static let jsonDepth = 64
  /// For how long a key may be said to live.
  package static let leaseMilliseconds: ClosedRange<Int64> = 100...315_360_000_000
  /// Tags of one task.
  package static let tagsOfTask = 20
  /// The name of a tag in UTF-8.
  public static let tagBytes = 128
  /// Tags of one cluster.
  public static let tags = 1_000
  /// Tasks or keys in one atomic change.
  public static let batchCount = 1_000
  /// The highest task number that an import may bring: far from where counting on would end.
  static let importedNumber: UInt64 = 1 << 40
  /// Parts of one import.
  package static let importParts: UInt64 = 10_000
  /// Imports that were begun and not finished, beside the newest.
  static let unfinishedImports = 3
  /// Open event streams of one node.
  public static let eventStreams = 512
  /// Long lists, exports and backups that are read from one node at once.
  public static let longLists = 32
  /// Requests that have come to one node and are not answered, all of them together.
  public static let requestBytes = 32 << 20
  /// Answers of one node that are being made or wait for their clients, all of them together. Those
  /// that turn out larger than was expected may take two and a half times as much.
  public static let answerBytes = 48 << 20
  /// Revisions that one event stream is told at once.
  package static let eventBytes = 64 << 10
  /// Revisions in one answer about the history, and bytes of their changes.
  package static let logPage = 1_000
  package static let logPageBytes = 1 << 20
  /// Changes that are shown of each revision in a list of many.
  package static let logPageChanges = 10
  /// The id of a request.
  public static let requestIDBytes = 128
  /// The author of a change in UTF-8.
  public static let authorBytes = 128
  /// Open connections to one node, peers included.
  public static let connections = 4_096
  /// Operations waiting for their quorum on one node.
  public static let proposalsInFlight = 10_000
  /// Reads waiting for their quorum on one node.
  public static let readsInFlight = 10_000
  /// How many request ids the state remembers: the newest, counted in log entries.
  public static let rememberedRequests: UInt64 = 1 << 17
  /// How many revisions the history keeps at most: the newest.
  public static let historyRevisions: UInt64 = 100_000
  /// Bytes of values before and after in the history at most.
  public static let historyBytes: UInt64 = 256 << 20
  /// Entries in the log before it is compacted.
  public static let logEntries = 100_000
  /// Bytes in the log before it is compacted.
  public static let logBytes = 64 << 20
  /// How long a request may wait for its quorum.
  public static let requestSeconds = 5
  /// How long a request's body may take to arrive.
  public static let bodySeconds = 30
  /// How long a connection may stay idle.
  public static let idleSeconds = 60
  /// How long a client may take nothing of an answer that waits for it.
  public static let deafSeconds = 600
  /// One message between nodes before they have proved themselves.
  public static let handshakeFrameBytes = 4 << 10
  /// One message between nodes.
  public static let peerFrameBytes = 16 << 20
  /// One piece of a state on its way to another node: many small rows, or one large one.
  public static let snapshotPieceBytes = 1 << 30
}

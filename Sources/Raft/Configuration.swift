// The numbers that tune a node, all validated in one place.

/// How patient and how greedy a node is. Times are in ticks.
public struct Configuration: Sendable {
  /// The least time without a leader before an election (Raft §5.2), and the time within
  /// which a leader must hear from a majority to stay one (Thesis §6.2).
  public var electionTicks: Int
  /// What is added to ``electionTicks`` at most, by rank and by chance.
  public var electionSpreadTicks: Int
  /// The time between heartbeats.
  public var heartbeatTicks: Int
  /// AppendEntries messages under way to one follower at most.
  public var maxMessagesInFlight: Int
  /// Bytes of entries in one AppendEntries at most, a single larger entry excepted.
  public var maxMessageBytes: Int
  /// Bytes of entries that may wait for a quorum; beyond it proposals are refused.
  public var maxUncommittedBytes: Int
  /// Reads that may wait for a quorum; beyond it they fail.
  public var maxPendingReads: Int
  /// Entries in the log before it is compacted to half of them.
  public var maxLogEntries: Int
  /// The same in bytes.
  public var maxLogBytes: Int
  /// Entries in the log at most while a peer that answers still needs them, because it lags
  /// or is being sent the state. Too few, and a large state is outdated before it arrives.
  public var maxRetainedEntries: Int
  /// The same in bytes.
  public var maxRetainedBytes: Int

  /// A configuration with the given numbers.
  ///
  /// - Precondition: ``heartbeatTicks`` and the limits are positive, and ``electionTicks`` is more
  ///   than two heartbeats.
  public init(
    electionTicks: Int = 60, electionSpreadTicks: Int = 60, heartbeatTicks: Int = 6,
    maxMessagesInFlight: Int = 64, maxMessageBytes: Int = 256 << 10,
    maxUncommittedBytes: Int = 64 << 20, maxPendingReads: Int = 10_000,
    maxLogEntries: Int = 100_000, maxLogBytes: Int = 64 << 20,
    maxRetainedEntries: Int = 1_000_000, maxRetainedBytes: Int = 256 << 20
  ) {
    precondition(heartbeatTicks > 0, "a leader must send heartbeats")
    precondition(
      electionTicks > 2 * heartbeatTicks, "one lost heartbeat must not start an election")
    precondition(electionSpreadTicks > 0, "equal timeouts split votes for ever")
    precondition(maxMessagesInFlight > 0 && maxMessageBytes > 0 && maxUncommittedBytes > 0)
    precondition(maxLogEntries > 0 && maxLogBytes > 0)
    self.electionTicks = electionTicks
    self.electionSpreadTicks = electionSpreadTicks
    self.heartbeatTicks = heartbeatTicks
    self.maxMessagesInFlight = maxMessagesInFlight
    self.maxMessageBytes = maxMessageBytes
    self.maxUncommittedBytes = maxUncommittedBytes
    self.maxPendingReads = maxPendingReads
    self.maxLogEntries = maxLogEntries
    self.maxLogBytes = maxLogBytes
    self.maxRetainedEntries = maxRetainedEntries
    self.maxRetainedBytes = maxRetainedBytes
  }
}

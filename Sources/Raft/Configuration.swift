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

  public init(
    electionTicks: Int = 60, electionSpreadTicks: Int = 60, heartbeatTicks: Int = 6,
    maxMessagesInFlight: Int = 64, maxMessageBytes: Int = 256 << 10,
    maxUncommittedBytes: Int = 64 << 20, maxPendingReads: Int = 10_000
  ) {
    precondition(heartbeatTicks > 0, "a leader must send heartbeats")
    precondition(
      electionTicks > 2 * heartbeatTicks, "one lost heartbeat must not start an election")
    precondition(electionSpreadTicks > 0, "equal timeouts split votes for ever")
    precondition(maxMessagesInFlight > 0 && maxMessageBytes > 0 && maxUncommittedBytes > 0)
    self.electionTicks = electionTicks
    self.electionSpreadTicks = electionSpreadTicks
    self.heartbeatTicks = heartbeatTicks
    self.maxMessagesInFlight = maxMessagesInFlight
    self.maxMessageBytes = maxMessageBytes
    self.maxUncommittedBytes = maxUncommittedBytes
    self.maxPendingReads = maxPendingReads
  }
}

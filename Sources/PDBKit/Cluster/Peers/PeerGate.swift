// Which peers a node talks to, and how what they say reaches the node.

package import Logging
package import NIOCore
package import PDBCoordinator
package import PDBModel
package import PDBStorage
package import Raft
import Synchronization

/// A running node, as its connections to other nodes see it: it decides which peers are let in, and
/// hands on what those say.
package final class PeerGate: PeerReceiver {
  package let trust: PeerTrust
  private let engine: RaftEngine
  private let peers: Peers
  private let log: LogStore
  private let statePath: String
  private let faults: NodeFaults?
  private let logger: Logger
  /// The data directory that each peer was first met with.
  private let incarnations: Mutex<[NodeID: UInt64]>
  /// When each refusal and each trouble was logged last, by its words.
  private let refusals = Mutex<[String: ContinuousClock.Instant]>([:])

  package var identity: Identity { engine.identity }

  /// As long as one member may be of that version.
  package var mayHearOldPeers: Bool {
    trust.old != nil && engine.headline.version == .first
  }

  /// - Parameters:
  ///   - engine: hears what peers say.
  ///   - peers: answers to peers without a link go back over the connections that they opened.
  ///   - log: remembers the data directories of peers.
  ///   - statePath: of the node's own state; received ones are put beside it.
  ///   - faults: what a lab breaks.
  package init(
    _ engine: RaftEngine, trust: PeerTrust, peers: Peers, log: LogStore, statePath: String,
    faults: NodeFaults? = nil, logger: Logger
  ) {
    self.engine = engine
    self.trust = trust
    self.peers = peers
    self.log = log
    self.statePath = statePath
    self.faults = faults
    self.logger = logger
    incarnations = Mutex(log.incarnations)
  }

  /// Keeps the links to all members connected until the task is cancelled.
  package func run() async throws { try await peers.run(self) }

  // MARK: Admission

  package func objection(
    to peer: NodeID, incarnation: UInt64, understands: ClusterVersion
  ) async -> PeerRefusal? {
    let status = engine.status
    let membership = status.membership
    if membership.removed.contains(peer) { return .removed }
    guard understands >= status.mark.version else { return .version }
    engine.note(peer, understands: understands)
    if let known = incarnations.withLock({ $0[peer] }) {
      return known == incarnation ? nil : .lostData
    }
    // A peer that is not known yet may be about to become known; but only members are remembered.
    guard membership[peer] != nil else { return nil }
    do {
      try await log.remember(peer, incarnation: incarnation)
    } catch { return .diskFull }
    let first = incarnations.withLock { incarnations in
      incarnations[peer] = incarnations[peer] ?? incarnation
      return incarnations[peer]
    }
    return first == incarnation ? nil : .lostData
  }

  /// Logged once a minute: a peer that is turned away comes back every second.
  package func noteRefusal(of peer: NodeID, _ refusal: PeerRefusal) {
    // That is this node's own trouble, and an alarm.
    if refusal == .rolledBack { return }
    // An id that was not proved may be another one each time.
    let isProved = refusal != .secret && refusal != .version
    let reason = (isProved ? "node \(peer.text): " : "") + refusal.message
    if isNews(reason) { logger.warning("refused a peer", metadata: ["reason": "\(reason)"]) }
  }

  private func noteOnce(_ trouble: String, _ origin: String, entry: Index) {
    guard isNews("\(trouble): \(origin)") else { return }
    logger.error("\(trouble)", metadata: ["from": "\(origin)", "entry": "\(entry)"])
  }

  /// Whether this was not told within the last minute.
  private func isNews(_ reason: String) -> Bool {
    refusals.withLock { refusals in
      let now = ContinuousClock.now
      refusals = refusals.filter { now - $0.value < .seconds(60) }
      guard refusals[reason] == nil, refusals.count < 100 else { return false }
      refusals[reason] = now
      return true
    }
  }

  package func confirmed(by peer: NodeID) -> Reach? { engine.status.confirmed[peer] }

  package func has(_ confirmed: Reach?, knownBy peer: NodeID) -> Bool {
    // What this node has only grows, so what it confirmed before is not more than it has now.
    if PaperRules().isRolledBack(engine.status.reach, confirmed: confirmed) {
      engine.report(.rolledBack)
      return false
    }
    engine.report(.vouched(by: peer))
    return true
  }

  package func refused(by peer: NodeID, _ reason: PeerRefusal) {
    switch reason {
    case .lostData: engine.report(.alarm(.lostData))
    case .removed: engine.report(.alarm(.removed))
    case .version, .secret, .cluster, .node, .diskFull, .rolledBack: break
    }
  }

  // MARK: Messages

  /// A message from a peer. When the node cannot keep up the message is dropped; so is one with an entry
  /// that this node could never apply, unless it is committed already: then refusing it helps nobody,
  /// and the decision to skip it stands behind it.
  package func receive(_ envelope: Envelope) {
    guard faults?.hears(envelope.from) != false else { return }
    if case .appendEntries(let message) = envelope.message,
      let entry = message.entries.first(where: {
        $0.index > message.leaderCommit && !$0.isReadable
      })
    {
      return noteOnce(
        "a leader sends an entry that cannot be read",
        "node \(envelope.from.text), term \(entry.term)", entry: entry.index)
    }
    engine.report(.received(envelope), limit: Limits.proposalsInFlight)
  }

  package func receive(_ state: StateHash, from peer: NodeID) {
    guard faults?.hears(peer) != false else { return }
    engine.report(.stateHash(state, from: peer))
  }

  package func sendState(over channel: any Channel, to peer: NodeID) {
    engine.sendState(over: channel, to: peer)
  }

  package func beginReceiving(_ mark: StateMark) throws -> StateStaging {
    // What an earlier transfer left can no longer be installed.
    try StateStaging.discardReceived(through: engine.status.mark.appliedIndex, beside: statePath)
    return try StateStaging(beside: statePath, mark: mark)
  }

  // MARK: Connections

  package func connectionOpened(by peer: NodeID, _ channel: any Channel) {
    peers.connectionOpened(by: peer, channel)
  }

  package func connectionClosed(by peer: NodeID, _ channel: any Channel) {
    peers.connectionClosed(by: peer, channel)
  }

  package func lostConnection(to peer: NodeID) { engine.report(.peerUnreachable(peer)) }
}

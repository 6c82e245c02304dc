// The engine that replicates: it drives one Raft node.
//
// Four tasks, joined by mailboxes, none of which waits for another:
//
//   driver   owns the node; takes events, steps, hands effects on
//   disk     writes batches to the log, then releases the messages that waited for them
//   applier  applies committed entries to the state
//   clock    ticks
//
// The driver never awaits between looking at the node and changing it.

import Logging
import Raft
import NIOConcurrencyHelpers
import Synchronization

/// How messages leave for other nodes. Sending never waits; a message that cannot go is lost,
/// and Raft sends it again.
protocol PeerNetwork: Sendable {
  func send(_ envelopes: [Envelope])
}

/// A node of a replicated cluster.
final class RaftEngine: Engine {
  /// What reaches the driver.
  enum Input: Sendable {
    case tick
    case received(Envelope)
    case peerUnreachable(NodeID)
    case persisted(number: UInt64)
    case applied([Applied], StateMark)
    case propose(Bytes, CheckedContinuation<Outcome, any Error>)
    case read(CheckedContinuation<Void, any Error>)
  }

  static let tickMilliseconds = 10

  let identity: Identity
  private let node: Node
  private let log: LogStore
  private let state: StateStore
  private let logger: Logger
  private let inbox = Mailbox<Input>()
  private let published: NIOLockedValueBox<EngineStatus>
  private let isDraining = Atomic(false)

  /// - Parameters:
  ///   - node: restored from what `log` and `state` hold.
  init(
    identity: Identity, node: Node, log: LogStore, state: StateStore, mark: StateMark,
    logger: Logger
  ) {
    self.identity = identity
    self.node = node
    self.log = log
    self.state = state
    self.logger = logger
    var status = EngineStatus(identity: identity)
    status.mark = mark
    status.members = node.membership.members
    published = NIOLockedValueBox(status)
  }

  var status: EngineStatus { published.withLockedValue { $0 } }

  func propose(_ operation: StampedOperation) async throws -> Outcome {
    if isDraining.load(ordering: .relaxed) { throw Self.stopping }
    let bytes = operation.encoded()
    return try await withCheckedThrowingContinuation { continuation in
      let isTaken = inbox.post(.propose(bytes, continuation), limit: Limits.proposalsInFlight)
      if !isTaken { continuation.resume(throwing: Self.overloaded) }
    }
  }

  func read<T: Sendable>(
    _ consistency: Consistency,
    _ body: @escaping @Sendable (any KeyValueView, StateMark) throws -> T
  ) async throws -> T {
    if consistency == .linearizable {
      try await withCheckedThrowingContinuation { continuation in
        let isTaken = inbox.post(.read(continuation), limit: Limits.readsInFlight)
        if !isTaken { continuation.resume(throwing: Self.overloaded) }
      }
    }
    return try await state.read(body)
  }

  static let overloaded = PDBError(
    .busy, "the node has more requests than it can take", hint: "try again in a moment")

  static let stopping = PDBError(
    .stopping, "the node is stopping", hint: "ask another node")

  /// A message from a peer. When the node cannot keep up the message is dropped.
  func receive(_ envelope: Envelope) {
    inbox.post(.received(envelope), limit: Limits.proposalsInFlight)
  }

  /// A connection to or from a peer ended.
  func lostConnection(to peer: NodeID) { inbox.post(.peerUnreachable(peer)) }

  /// Runs the node until the task is cancelled, or until its disk fails.
  ///
  /// - Throws: the first error of the log or the state. It is never retried: the node's
  ///   process must end, and begin again from what is durable.
  func run(over network: some PeerNetwork) async throws {
    let batches = Mailbox<Persist>()
    let committed = Mailbox<[Entry]>()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.writeLog(batches, network) }
      group.addTask { try await self.applyEntries(committed) }
      group.addTask { try await self.tick() }
      group.addTask {
        var driver = Driver(node: self.node, status: self.status, logger: self.logger)
        driver.start()
        while let inputs = await self.inbox.take() {
          let effects = driver.handle(inputs)
          network.send(effects.messages)
          for batch in effects.batches { batches.post(batch) }
          if !effects.committed.isEmpty { committed.post(effects.committed) }
          self.published.withLockedValue { $0 = driver.status }
        }
        driver.stop()
      }
      defer { group.cancelAll() }
      do {
        try await group.next()
      } catch is CancellationError {}
    }
  }

  /// Refuses changes from now on, and waits until those under way are answered, or for a
  /// second.
  func drain() async {
    isDraining.store(true, ordering: .relaxed)
    for _ in 0..<100 where status.waitingProposals > 0 {
      try? await Task.sleep(for: .milliseconds(Self.tickMilliseconds))
    }
  }

  private func writeLog(_ mailbox: Mailbox<Persist>, _ network: some PeerNetwork) async throws {
    while let batches = await mailbox.take() {
      if batches.contains(where: { $0.hardState != nil || !$0.entries.isEmpty }) {
        try await log.append(batches)
      }
      network.send(batches.flatMap(\.messages))
      inbox.post(.persisted(number: batches.last!.number))
    }
  }

  private func applyEntries(_ mailbox: Mailbox<[Entry]>) async throws {
    while let entries = await mailbox.take() {
      let (applied, mark) = try await state.apply(entries.flatMap { $0 })
      inbox.post(.applied(applied, mark))
    }
  }

  /// One tick per interval, never a burst: a process that was stopped for a while has not
  /// heard its peers in that time, and must not count it against them.
  private func tick() async throws {
    while true {
      try await Task.sleep(for: .milliseconds(Self.tickMilliseconds), clock: .suspending)
      inbox.post(.tick)
    }
  }
}

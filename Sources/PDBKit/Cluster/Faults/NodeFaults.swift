// What is broken in a node because a lab said so: whom it cannot hear or reach, its disk, its clock.
//
// A node has such faults only if the program that started it hands them in (`NodeConfiguration.faults`): no
// client and no peer can.

import Foundation
package import PDBModel
import PDBStorage
import Raft
import Synchronization

/// The faults that hold in a node now.
package final class NodeFaults: Sendable {
  /// What is broken.
  package struct State: Equatable, Sendable {
    /// The addresses of members of which nothing comes, and to which nothing goes.
    package var deafTo: Set<String> = []
    package var muteTo: Set<String> = []
    /// How much longer each write to the log takes, in milliseconds.
    package var diskDelay = 0
    /// Whether the disk takes nothing more.
    package var isDiskFull = false
    /// By how many milliseconds the wall clock is ahead.
    package var clockSkew: Int64 = 0

    package init() {}
  }

  private let mutex: Mutex<(state: State, addresses: [NodeID: String])>

  package init(_ state: State = State()) {
    mutex = Mutex((state, [:]))
    Timestamp.skew = state.clockSkew
  }

  package var state: State {
    get { mutex.withLock { $0.state } }
    set {
      mutex.withLock { $0.state = newValue }
      Timestamp.skew = newValue.clockSkew
    }
  }

  // MARK: What the node asks

  func update(_ members: [Member]) {
    let addresses = Dictionary(members.map { ($0.id, $0.address) }) { first, _ in first }
    mutex.withLock { $0.addresses.merge(addresses) { $1 } }
  }

  func hears(_ peer: NodeID) -> Bool { mutex.withLock { !$0.state.deafTo.has($0.addresses[peer]) } }

  func reaches(_ peer: NodeID) -> Bool {
    mutex.withLock { !$0.state.muteTo.has($0.addresses[peer]) }
  }

  /// What a write to the log meets.
  ///
  /// - Throws: as a full disk does.
  func beforeWriting(to path: String, _ sleep: (Duration) async throws -> Void) async throws {
    let state = state
    if state.diskDelay > 0 { try await sleep(.milliseconds(state.diskDelay)) }
    if state.isDiskFull { throw DiskFailure(operation: "write", file: path, code: ENOSPC) }
  }
}

extension Set<String> {
  fileprivate func has(_ address: String?) -> Bool { address.map(contains) ?? false }
}

extension NodeFaults.State {
  /// As a lab hands it to a node: one line.
  package var json: JSON {
    [
      "deaf": .array(deafTo.sorted().map { .string($0) }),
      "mute": .array(muteTo.sorted().map { .string($0) }),
      "disk_delay_ms": JSON(diskDelay), "disk_full": .bool(isDiskFull), "clock_ms": JSON(clockSkew),
    ]
  }

  /// - Returns: `nil` for what ``json`` does not write.
  package init?(_ text: some Collection<UInt8>) {
    guard let json = try? JSON(parsing: Bytes(text)), let deaf = json["deaf"]?.array,
      let mute = json["mute"]?.array, let delay = json["disk_delay_ms"]?.uint64,
      let isFull = json["disk_full"]?.bool, let skew = json["clock_ms"]?.int64
    else { return nil }
    deafTo = Set(deaf.compactMap(\.string))
    muteTo = Set(mute.compactMap(\.string))
    (diskDelay, isDiskFull, clockSkew) = (Int(clamping: delay), isFull, skew)
  }
}

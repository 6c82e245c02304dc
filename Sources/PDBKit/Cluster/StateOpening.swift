// Opening a node's state, and what is done when it is damaged.
//
// The log is what a node promised; the state can be had again: from the log, if that holds everything
// since the beginning, or from a peer. The damaged file is put aside, as `node_4000.db.damaged`. Only a
// damaged log makes a new member.

import Logging
import PDBCoordinator
public import PDBModel
import PDBStorage
import Raft

/// What is in a node's state is not what was written.
struct StateDamage: Error {
  let reason: String

  /// The node ends with it; its next start mends the state.
  var error: PDBError {
    PDBError(
      .corrupt, "the node's state is damaged: \(reason)",
      hint: "start the node again: it takes the state from another member, or from its log",
      details: [.init("mends", true)])
  }
}

extension PDBError {
  /// Whether the node that ended with this error mends itself when it is started again.
  public var mendsAtStart: Bool { details.contains { $0.name == "mends" } }
}

/// Opens and checks the state that belongs to a log.
struct StateOpening {
  let path: String
  let log: LogStore
  let trust: PeerTrust
  let logger: Logger

  /// A state and the log that goes with it.
  struct Opened {
    let state: StateStore
    /// Another one than before, if the state came from a peer and the log did not lead up to it.
    let contents: LogContents
    /// Whether the state was damaged, and made anew.
    var isMended = false
  }

  /// - Throws: `corrupt` for a damaged log, and for a damaged state that can be had nowhere else.
  func open(_ contents: LogContents) async throws -> Opened {
    do {
      let state = try openState(contents.mark)
      let appliedIndex = state.mark().appliedIndex
      guard appliedIndex <= contents.lastIndex else {
        throw LogIsShort(appliedIndex: appliedIndex, lastIndex: contents.lastIndex)
      }
      return Opened(state: state, contents: contents)
    } catch let error as LogIsShort {
      throw log.isShort(error.lastIndex, of: error.appliedIndex)
    } catch let error as PDBError
      where error.code == .corrupt && !error.isOfNewerState
      && Self.canMend(
        logBegin: contents.mark.index, memberCount: contents.membership.members.count)
    {
      logger.error(
        "the state is damaged, and is made anew", metadata: ["reason": "\(error.message)"])
    }
    try StateStore.setAside(path)
    // A peer's state is further than what the log is known to have committed.
    let isPatient = contents.mark.index > 0
    if let fetched = try await fetch(contents, isPatient: isPatient) { return fetched }
    logger.notice("making the state anew from the log")
    return Opened(state: try openState(contents.mark), contents: contents, isMended: true)
  }

  private struct LogIsShort: Error {
    let appliedIndex: Index
    let lastIndex: Index
  }

  /// Whether a state can be had again, from a peer or from the log.
  ///
  /// - Parameters:
  ///   - logBegin: the log holds the entries after this one.
  ///   - memberCount: how many members the cluster has.
  static func canMend(logBegin: Index, memberCount: Int) -> Bool {
    logBegin == 0 || memberCount > 1
  }

  /// - Parameter mark: where the log begins.
  private func openState(_ mark: SnapshotMark) throws -> StateStore {
    let state = try StateStore(path, log: log, beginningAfter: mark)
    do {
      try state.verify()
      return state
    } catch {
      try state.closeFiles()
      throw error
    }
  }

  private func fetch(_ contents: LogContents, isPatient: Bool) async throws -> Opened? {
    let fetch = StateFetch(
      identity: contents.identity, trust: trust, members: contents.membership.members,
      statePath: path, logger: logger)
    if isPatient { logger.notice("waiting for a member that sends its state") }
    guard let mark = try await fetch.run(atLeast: contents.mark.index, isPatient: isPatient) else {
      return nil
    }
    var contents = contents
    // The log goes on behind the state only where it leads up to it.
    if contents.term(at: mark.index) != mark.term {
      try log.restart(after: mark)
      contents = try log.load() ?? contents
    }
    try StateStore.installReceived(mark.index, at: path)
    logger.notice("the state is whole again", metadata: ["entry": "\(mark.index)"])
    return Opened(state: try openState(contents.mark), contents: contents, isMended: true)
  }
}

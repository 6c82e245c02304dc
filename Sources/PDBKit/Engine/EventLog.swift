// What a node says about itself: one line per event that matters, no values, no secrets.

import Logging
import Raft

/// Words for the driver's events.
struct EventLog {
  let logger: Logger

  func started(_ status: EngineStatus) {
    logger.info(
      "started with \(status.members.count) member\(status.members.count == 1 ? "" : "s")",
      metadata: [
        "applied": "\(status.mark.appliedIndex)", "log": "\(status.lastIndex)",
        "revision": "\(status.mark.revision)", "term": "\(status.term)",
      ])
  }

  func roleChanged(from before: EngineStatus, to now: EngineStatus) {
    let term: Logger.Metadata = ["term": "\(now.term)"]
    switch now.role {
    case .leader:
      logger.notice("elected leader", metadata: term)
    case .candidate:
      logger.notice("standing for election", metadata: term)
    case .preCandidate where before.role != .preCandidate:
      logger.info("no leader, asking for votes", metadata: term)
    case .preCandidate:
      break
    case .follower where before.role == .leader && now.leader == nil:
      logger.warning("stepped down: lost touch with the majority, or a newer term", metadata: term)
    case .follower where now.leader != nil && now.leader != before.leader:
      logger.notice("following \(now.leader!.address)", metadata: term)
    case .follower:
      break
    }
  }
}

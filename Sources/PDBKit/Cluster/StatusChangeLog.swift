// What a node logs of its own status: a line for every change of role, of members and of alarms.

import Logging
import PDBCoordinator
import PDBModel
import Raft

/// Logs how a node's status changes; neither values nor secrets.
struct StatusChangeLog {
  let logger: Logger

  func started(_ status: EngineStatus) {
    logger.info(
      "started with \(status.members.count) member\(status.members.count == 1 ? "" : "s")",
      metadata: [
        "applied": "\(status.mark.appliedIndex)", "log": "\(status.lastIndex)",
        "revision": "\(status.mark.revision)", "term": "\(status.term)",
      ])
  }

  func tell(_ news: News) {
    switch news {
    case .roleChanged(let before, let now): roleChanged(from: before, to: now)
    case .membersChanged(let before, let now): membersChanged(from: before, to: now)
    case .raised(let alarm): raised(alarm)
    case .poisoned(let entry): poisoned(entry)
    case .cleared(let alarm): cleared(alarm)
    }
  }

  private func roleChanged(from before: EngineStatus, to now: EngineStatus) {
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

  private func membersChanged(from before: [Member], to now: [Member]) {
    for member in now where !before.contains(where: { $0.id == member.id }) {
      logger.notice("\(member.address) joined as \(member.role == .voter ? "voter" : "learner")")
    }
    for member in now where member.role == .voter {
      if before.contains(where: { $0.id == member.id && $0.role == .learner }) {
        logger.notice("\(member.address) has caught up and votes from now on")
      }
    }
    for member in before where !now.contains(where: { $0.id == member.id }) {
      logger.notice("\(member.address) was removed")
    }
  }

  private func raised(_ alarm: Alarm) {
    let words =
      switch alarm {
      case .diskFull: "the disk is full; no change is taken until there is space"
      case .stateDiffers: "the state differs from another node's at the same entry"
      case .lostData:
        "this member had other data before, so it must not vote: remove it "
          + "('pdb cluster remove'), then start it with --join"
      case .rolledBack:
        "this member has less than it once confirmed, as if older files had been put back, so it must "
          + "not vote: remove it ('pdb cluster remove'), move its files away and start it with --join"
      case .poisonedEntry: "a committed entry cannot be applied"
      case .removed: "this node was removed from the cluster"
      }
    logger.error("\(words)", metadata: ["alarm": "\(alarm.rawValue)"])
  }

  private func poisoned(_ entry: PoisonedEntry) {
    logger.error(
      "\(entry.message); the state stays as it was before. \(entry.hint)",
      metadata: [
        "alarm": "\(Alarm.poisonedEntry.rawValue)", "entry": "\(entry.index)",
        "term": "\(entry.term)",
      ])
  }

  private func cleared(_ alarm: Alarm) {
    logger.notice("all well again", metadata: ["alarm": "\(alarm.rawValue)"])
  }
}

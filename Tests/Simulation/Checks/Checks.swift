// All checkers of one simulation.

import Raft

/// The checkers that remember something. Those that need no memory are called by name.
struct Checks {
  var elections = ElectionChecker()
  var logs = LogChecker()
  var commits = CommitChecker()
  var monotony = MonotonyChecker()
  var contact = ContactChecker()
  var members = MembershipChecker()
  var clients = ClientChecker()
  var replay: Replay
  let firstMembers: Membership

  /// The members as of what is committed, applied or not.
  var membership: Membership {
    for entry in commits.chosen.reversed() {
      if case .membership(let membership) = entry.payload { return membership }
    }
    return firstMembers
  }

  init(membership: Membership, rules: PlantedRules, looksBack: Bool) {
    replay = Replay(membership: membership, rules: rules, looksBack: looksBack)
    firstMembers = membership
  }
}

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

  init(membership: Membership, rules: PlantedRules) {
    replay = Replay(membership: membership, rules: rules)
    firstMembers = membership
  }
}

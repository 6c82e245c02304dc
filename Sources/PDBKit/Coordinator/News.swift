// What happened to a node that people may want to know: the node's log and its figures come from it.

package import PDBModel
package import Raft

/// One event in the life of a node.
package enum News: Sendable {
  case roleChanged(from: EngineStatus, to: EngineStatus)
  case membersChanged(from: [Member], to: [Member])
  case raised(Alarm)
  case poisoned(PoisonedEntry)
  case cleared(Alarm)
}

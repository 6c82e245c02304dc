// Real storage under the nodes of a seed that wants it.

import PDBCoordinator
import PDBModel
import Raft

extension Simulation {
  func addStorage(to node: SimulatedNode) {
    // Drawn apart: what is drawn for the files decides nothing else.
    let seed = plan.past.storageSeed &+ node.id
    do {
      node.real = try RealStorage(
        node.id, beginning: node.durable.mark, members: checks.firstMembers, node.machine,
        rules: node.rules, seed: seed)
    } catch { preconditionFailure("a new disk takes a new node: \(error)") }
  }

  /// The entries from the first through `index`, as they were applied.
  func chosen(through index: Index) -> ArraySlice<Entry> {
    checks.replay.applied.prefix(Int(index))
  }

  /// What a process finds when it starts.
  func findStorage(of node: SimulatedNode, _ program: ClusterVersion) throws {
    guard let real = node.real else { return }
    real.rules.newestVersion = program
    node.adopt(try real.restart(node.durable, entries: checks.replay.applied))
    noteStorage(of: node)
  }

  func checkRead(_ stored: StoredValue?, of key: Bytes, at node: SimulatedNode) throws {
    guard let real = node.real, try real.read(key) != stored else { return }
    throw Violation(.storage, "node \(node.id) has stored another value of '\(key.shown)'")
  }

  func noteStorage(of node: SimulatedNode) {
    for situation in node.real?.takeNoted() ?? [] { note(situation) }
  }
}

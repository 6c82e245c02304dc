// The members of the cluster, and changing them.

import PDBCoordinator
import PDBLocal
package import PDBModel
import PDBStorage
package import PDBStore
import Raft

extension ClusterStore {
  package func view() async throws(PDBError) -> ClusterView {
    view(engine.status) { [neighbours] in neighbours.restart($0) }
  }

  /// The cluster as this node knows it now, without how dead members are started again.
  package var currentView: ClusterView { view(engine.status) { _ in nil } }

  private func view(_ status: EngineStatus, restart: (Member) -> String?) -> ClusterView {
    ClusterView(
      identity: status.cluster, node: status.identity.address, isLeader: status.isLeader,
      term: status.term, quorum: status.membership.quorum,
      members: status.members.map { member in
        var described = ClusterMember(member, status)
        if member.id != status.identity.node { described.restart = restart(member) }
        return described
      },
      removed: status.membership.removed.map(\.text))
  }

  package func add(_ address: NodeAddress) async throws(PDBError) -> ClusterMember {
    try await add(address, as: .random(in: 1 ... .max))
  }

  /// - Parameter invitation: of this cluster, and not expired.
  /// - Throws: `conflict` if it was used before.
  package func add(
    _ address: NodeAddress, invitedBy invitation: Invitation
  ) async throws(PDBError) -> ClusterMember {
    let membership = engine.status.membership
    let known = membership[invitation.member]?.address
    guard !membership.removed.contains(invitation.member),
      known == nil || known == address.description
    else {
      throw PDBError(
        .conflict, "this invitation was used before",
        hint: "'pdb cluster invite' on a member prints a new one")
    }
    return try await add(address, as: invitation.member)
  }

  private func add(
    _ address: NodeAddress, as id: NodeID
  ) async throws(PDBError) -> ClusterMember {
    let status = try leading()
    if let member = status.members.first(where: { $0.address == address.description }) {
      // Asking twice is fine as long as the member has not begun to work.
      guard member.role == .learner, status.matchIndex[member.id] == 0 else {
        throw PDBError(
          .conflict, "'\(address)' is a member already",
          hint: "if it lost its data, remove it first: pdb cluster remove \(address)")
      }
      return ClusterMember(member, status)
    }
    let member = Member(
      id: id, address: address.description, rank: UInt32(address.port),
      role: .learner)
    do { try await engine.change(.addLearner(member)) } catch { throw PDBError(changing: error) }
    return ClusterMember(member, status)
  }

  package func remove(_ member: String, force: Bool) async throws(PDBError) -> ClusterMember {
    let status = try leading()
    let found = try status.member(named: member)
    do { try await engine.change(.remove(found.id, force: force)) } catch {
      throw PDBError(changing: error)
    }
    return ClusterMember(found, status)
  }

  package func transferLeadership(to member: String?) async throws(PDBError) -> String? {
    let status = try leading()
    let target = try member.map { name throws(PDBError) in try status.member(named: name) }
    if let target, target.id == status.identity.node { return target.address }
    do { return try await engine.transferLeadership(to: target?.id)?.address } catch {
      throw PDBError(changing: error)
    }
  }

  package func skip(_ index: UInt64, from origin: Origin) async throws(PDBError) -> Receipt {
    _ = try leading()
    // No request id: the state itself knows what was skipped.
    let known = try await read(.stale, .keys) { view, _ in
      try view.get(SystemKeys.skipped(index))?.revision
    }
    if let known { return Receipt(.changed(1), revision: known) }
    let stamp = try stamp(author: origin.author, request: nil)
    do { return try await engine.skip(index, stamp) } catch { throw PDBError(changing: error) }
  }

  /// The status of a node that leads.
  private func leading() throws(PDBError) -> EngineStatus {
    let status = engine.status
    guard status.isLeader else { throw status.notLeader }
    return status
  }
}

extension EngineStatus {
  /// The member with this id or address; a bare port will do where it is unambiguous.
  fileprivate func member(named name: String) throws(PDBError) -> Member {
    let found = try members.map { ClusterMember($0, self) }.member(named: name)
    return members.first { $0.id.text == found.id }!
  }
}

extension ClusterMember {
  fileprivate init(_ member: Member, _ status: EngineStatus) {
    self.init(id: member.id.text, address: member.address)
    isLeader = member.id == status.leader?.id
    isVoter = member.role == .voter
    matchIndex = status.matchIndex[member.id]
    silence = status.silence[member.id].map { UInt64($0) }
  }
}

extension NodeStatus {
  init(_ status: EngineStatus) {
    self.init(
      node: status.identity.node.text, identity: status.cluster,
      incarnation: status.identity.incarnation.text, address: status.identity.address,
      role: status.role.rawValue, leader: status.leader?.address, term: status.term,
      peers: status.members.filter { $0.id != status.identity.node }.map(\.address),
      lastHeartbeat: status.lastHeartbeat, commitIndex: status.commitIndex,
      settledCommitIndex: status.settledCommitIndex, appliedIndex: status.mark.appliedIndex,
      lastIndex: status.lastIndex, firstIndex: status.firstIndex, logEntries: status.logEntries,
      logBytes: status.logBytes, revision: status.mark.revision, hash: status.mark.comparedHash,
      alarms: status.alarms.map(\.rawValue), poisoned: status.poisoned, version: pdbVersion)
  }
}

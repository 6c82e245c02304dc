// Who belongs to the cluster, and changing it, over HTTP.

import Foundation
import HTTPTypes
import Hummingbird
import Raft

extension Endpoint {
  static let members: [Endpoint] = [
    Endpoint(.get, "/cluster/members", "The members of the cluster") {
      let status = $0.engine.status
      return Response(
        json: [
          "cluster": .string(status.identity.cluster),
          "members": .array(status.members.map { status.json(of: $0) }),
          "removed": .array(status.membership.removed.map { .string($0.text) }),
        ])
    },
    Endpoint(.post, "/cluster/members", "Adds a member: {\"address\"}; it votes once caught up") {
      try await $0.addMember()
    },
    Endpoint(
      .delete, "/cluster/members/:id", "Removes a member, named by id or address; ?force=true",
      query: ["force"]
    ) {
      try await $0.removeMember()
    },
    Endpoint(.post, "/node/stop", "Stops this node; a leader hands over first: {}") {
      _ = try $0.object()
      $0.engine.requestStop()
      return Response(
        json: ["status": "stopping", "process": JSON(ProcessInfo.processInfo.processIdentifier)],
        status: .accepted)
    },
    Endpoint(.post, "/cluster/transfer", "Hands leadership over: {\"to\"}, an id or address, or {}")
    {
      try await $0.transferLeadership()
    },
  ]
}

extension Exchange {
  fileprivate func addMember() async throws -> Response {
    guard let text = try object()["address"]?.string else {
      throw PDBError(.badRequest, "'address' is missing", hint: "{\"address\":\"host:port\"}")
    }
    let address = try NodeAddress(of: text)
    let status = engine.status
    guard status.isLeader else { throw status.notLeader }
    if let member = status.members.first(where: { $0.address == address.description }) {
      // Asking twice is fine as long as the member has not begun to work.
      guard member.role == .learner, status.matchIndex[member.id] == 0 else {
        throw PDBError(
          .conflict, "'\(address)' is a member already",
          hint: "if it lost its data, remove it first: pdb cluster remove \(address)")
      }
      return answer(member, status)
    }
    let member = Member(
      id: .random(in: 1 ... .max), address: address.description, rank: UInt32(address.port),
      role: .learner)
    try await engine.change(.addLearner(member))
    return answer(member, status)
  }

  private func answer(_ member: Member, _ status: EngineStatus) -> Response {
    Response(
      json: [
        "id": .string(member.id.text), "address": .string(member.address),
        "cluster": .string(status.identity.cluster), "voter": .bool(member.role == .voter),
      ], status: .created)
  }

  fileprivate func removeMember() async throws -> Response {
    let status = engine.status
    guard status.isLeader else { throw status.notLeader }
    let member = try status.member(named: parameter?.removingPercentEncoding ?? "")
    let isForced = try flag("force")
    try await engine.change(.remove(member.id, force: isForced))
    return Response(
      json: [
        "status": "removed", "id": .string(member.id.text), "address": .string(member.address),
      ])
  }

  fileprivate func transferLeadership() async throws -> Response {
    let status = engine.status
    guard status.isLeader else { throw status.notLeader }
    let target = try object()["to"]?.string.map { try status.member(named: $0) }
    let leader =
      target?.id == status.identity.node
      ? target : try await engine.transferLeadership(to: target?.id)
    return Response(
      json: [
        "status": "transferred", "leader": JSON(leader.map { "http://\($0.address)" }),
      ])
  }
}

extension NodeAddress {
  /// An address that a client sent: that it is malformed is no fault of the node's configuration.
  fileprivate init(of text: String) throws {
    do { try self.init(parsing: text) } catch let error as PDBError {
      throw PDBError(.badRequest, error.message, hint: error.hint)
    }
  }
}

extension EngineStatus {
  /// The member with this id or address; a bare port will do where it is unambiguous.
  func member(named name: String) throws -> Member {
    let byID = members.filter { $0.id.text == name }
    let address = (try? NodeAddress(parsing: name))?.description
    let byAddress = members.filter { $0.address == address }
    let byPort = members.filter { $0.address.hasSuffix(":\(name)") }
    for found in [byID, byAddress, byPort] where found.count == 1 { return found[0] }
    throw PDBError(
      .memberNotFound, "there is no member '\(name.escapingControlCharacters)'",
      hint: "'pdb cluster members' lists ids and addresses")
  }

  func json(of member: Member) -> JSON {
    var members: [JSON.Member] = [
      .init("id", .string(member.id.text)),
      .init("address", .string(member.address)),
      .init("url", .string("http://\(member.address)")),
      .init("is_leader", .bool(member.id == leader?.id)),
      .init("voter", .bool(member.role == .voter)),
    ]
    if let match = matchIndex[member.id] { members.append(.init("match", JSON(match))) }
    if let silence = silence[member.id] {
      members.append(.init("silent_ms", JSON(UInt64(silence))))
    }
    return .object(members)
  }
}

// The members of the cluster, and changing them, over HTTP.

import Foundation
import HTTPTypes
import Hummingbird
import PDBModel
import PDBStore

extension Endpoint {
  static let members: [Endpoint] = [
    Endpoint(.get, "/cluster/members", "The members of the cluster") {
      Response(json: $0.store.currentView.membersJSON)
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
      $0.store.requestStop()
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
    let member = try await store.add(address)
    return Response(
      json: [
        "id": .string(member.id), "address": .string(member.address),
        "cluster": .string(try await store.identity().cluster), "voter": .bool(member.isVoter),
      ], status: .created)
  }

  fileprivate func removeMember() async throws -> Response {
    let member = try await store.remove(
      parameter?.removingPercentEncoding ?? "", force: flag("force"))
    return Response(
      json: [
        "status": "removed", "id": .string(member.id), "address": .string(member.address),
      ])
  }

  fileprivate func transferLeadership() async throws -> Response {
    let leader = try await store.transferLeadership(to: object()["to"]?.string)
    return Response(
      json: ["status": "transferred", "leader": JSON(leader.map { NodeAddress.url(of: $0) })])
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

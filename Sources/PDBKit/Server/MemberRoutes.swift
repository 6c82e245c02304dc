// The members of the cluster, and changing them, over HTTP.

import Foundation
import HTTPTypes
import Hummingbird
import PDBCluster
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
    Endpoint(
      .get, "/cluster/certificate",
      "The certificate of the cluster's key, which its nodes show in TLS",
      isPublic: true
    ) {
      let key = $0.node.trust.key
      return Response(
        json: ["key": .string(key.hash.description), "certificate": .string(try key.rootInPEM)])
    },
    Endpoint(
      .post, "/cluster/invitations",
      "Makes an invitation for a node of another machine: {\"seconds\"}, or {} for an hour"
    ) {
      try $0.invite()
    },
    Endpoint(
      .post, "/cluster/admissions", "Lets an invited node in: {\"invitation\", \"address\"}",
      isPublic: true
    ) {
      try await $0.admit()
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
    Endpoint(.post, "/cluster/skip", "Gives up an entry that cannot be applied: {\"index\"}") {
      try await $0.skipEntry()
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

  fileprivate func invite() throws -> Response {
    let seconds = try object()["seconds"].map { json in
      guard let seconds = json.int64, (1...Self.longestInvitation).contains(seconds) else {
        throw PDBError(
          .badRequest, "'seconds' must be from 1 to \(Self.longestInvitation), a week")
      }
      return seconds
    }
    let expiry = Timestamp(milliseconds: Timestamp.now.milliseconds + (seconds ?? 3600) * 1000)
    let view = store.currentView
    let invitation = Invitation(
      to: view.identity.cluster, at: view.addresses, secret: node.trust.secret, until: expiry)
    return Response(
      json: [
        "invitation": .string(invitation.text), "expires": .string(expiry.description),
        "addresses": .array(invitation.addresses.map { .string($0.description) }),
      ], status: .created)
  }

  private static let longestInvitation: Int64 = 7 * 86_400

  /// The answer holds the secret of the cluster: what makes a node a member.
  fileprivate func admit() async throws -> Response {
    let request = try object()
    guard let text = request["invitation"]?.string, let address = request["address"]?.string else {
      throw PDBError(.badRequest, "'invitation' or 'address' is missing")
    }
    let invitation = try Invitation(parsing: text)
    try invitation.check(node.trust.secret)
    let member = try await store.add(try NodeAddress(of: address), invitedBy: invitation)
    return Response(
      json: [
        "id": .string(member.id), "address": .string(member.address),
        "cluster": .string(try await store.identity().cluster),
        "secret": .string(node.trust.secret.text),
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

  fileprivate func skipEntry() async throws -> Response {
    guard let index = try object()["index"]?.uint64 else {
      throw PDBError(.badRequest, "'index' is missing", hint: "{\"index\":12}")
    }
    let receipt = try await store.skip(index, from: origin)
    return Response(
      json: ["status": "skipped", "index": JSON(index), "revision": JSON(receipt.revision)])
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

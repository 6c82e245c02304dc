// The members of the cluster, and changing them, over HTTP.

import Foundation
import HTTPTypes
import Hummingbird
import PDBCluster
import PDBModel
import PDBStore

extension Endpoint {
  static let members: [Endpoint] = [
    Endpoint(
      .get, "/cluster/members", "The members of the cluster", id: "listMembers", .report,
      answers: .json(.memberList, "The members")
    ) {
      Response(json: $0.store.currentView.membersJSON)
    },
    Endpoint(
      .post, "/cluster/members", "Adds a member: {\"address\"}; it votes once caught up",
      id: "addMember", .administration, body: NewMemberBody.self,
      answers: .json(.newMember, "The new member", status: 201), failures: [.unreachable]
    ) {
      try await $0.addMember($1.address)
    },
    Endpoint(
      .delete, "/cluster/members/:id", "Removes a member, named by id or address; ?force=true",
      id: "removeMember", .administration, at: Path.member, query: [Query.force],
      answers: .json(.removedMember, "The member that was"),
      failures: [.memberNotFound, .losesQuorum]
    ) {
      try await $0.removeMember()
    },
    Endpoint(
      .get, "/cluster/certificate",
      "The certificate of the cluster's key, which its nodes show in TLS", id: "getCertificate",
      .report, isPublic: true, answers: .json(.certificate, "The certificate")
    ) {
      let key = $0.node.trust.key
      return Response(
        json: ["key": .string(key.hash.description), "certificate": .string(try key.rootInPEM)])
    },
    Endpoint(
      .post, "/cluster/invitations",
      "Makes an invitation for a node of another machine: {\"seconds\"}, or {} for an hour",
      id: "invite", .administration, body: InviteBody.self,
      answers: .json(.invitation, "The invitation", status: 201)
    ) {
      $0.invite(for: $1.seconds)
    },
    Endpoint(
      .post, "/cluster/admissions", "Lets an invited node in: {\"invitation\", \"address\"}",
      id: "admit", .administration, isPublic: true, body: AdmissionBody.self,
      answers: .json(.admission, "What makes it a member", status: 201), failures: [.unauthorized]
    ) {
      try await $0.admit($1)
    },
    Endpoint(
      .post, "/node/stop", "Stops this node; a leader hands over first: {}", id: "stopNode",
      .administration, body: StopBody.self, answers: .json(.stopping, "It will stop", status: 202)
    ) { exchange, _ in
      exchange.store.requestStop()
      return Response(
        json: ["status": "stopping", "process": JSON(ProcessInfo.processInfo.processIdentifier)],
        status: .accepted)
    },
    Endpoint(
      .post, "/cluster/transfer", "Hands leadership over: {\"to\"}, an id or address, or {}",
      id: "transferLeadership", .administration, body: TransferBody.self,
      answers: .json(.transferred, "Who leads now"), failures: [.memberNotFound]
    ) {
      try await $0.transferLeadership(to: $1.target)
    },
    Endpoint(
      .post, "/cluster/skip", "Gives up an entry that cannot be applied: {\"index\"}",
      id: "skipEntry", .administration, body: SkipBody.self,
      answers: .json(.skipped, "It is given up")
    ) {
      try await $0.skipEntry($1.index)
    },
  ]
}

extension Exchange {
  fileprivate func addMember(_ address: NodeAddress) async throws -> Response {
    let member = try await store.add(address)
    return Response(
      json: [
        "id": .string(member.id), "address": .string(member.address),
        "cluster": .string(try await store.identity().cluster), "voter": .bool(member.isVoter),
      ], status: .created)
  }

  fileprivate func invite(for seconds: Int64) -> Response {
    let expiry = Timestamp(milliseconds: Timestamp.now.milliseconds + seconds * 1000)
    let view = store.currentView
    let invitation = Invitation(
      to: view.identity.cluster, at: view.addresses, secret: node.trust.secret, until: expiry)
    return Response(
      json: [
        "invitation": .string(invitation.text), "expires": .string(expiry.description),
        "addresses": .array(invitation.addresses.map { .string($0.description) }),
      ], status: .created)
  }

  /// The answer holds the secret of the cluster: what makes a node a member.
  fileprivate func admit(_ node: AdmissionBody) async throws -> Response {
    let secret = self.node.trust.secret
    try node.invitation.check(secret)
    let member = try await store.add(node.address, invitedBy: node.invitation)
    return Response(
      json: [
        "id": .string(member.id), "address": .string(member.address),
        "cluster": .string(try await store.identity().cluster), "secret": .string(secret.text),
      ], status: .created)
  }

  fileprivate func removeMember() async throws -> Response {
    let member = try await store.remove(
      readPath(Path.member), force: read(Query.force) ?? false)
    return Response(
      json: [
        "status": "removed", "id": .string(member.id), "address": .string(member.address),
      ])
  }

  fileprivate func transferLeadership(to target: String?) async throws -> Response {
    let leader = try await store.transferLeadership(to: target)
    return Response(
      json: ["status": "transferred", "leader": JSON(leader.map { NodeAddress.url(of: $0) })])
  }

  fileprivate func skipEntry(_ index: UInt64) async throws -> Response {
    let receipt = try await store.skip(index, from: origin)
    return Response(
      json: ["status": "skipped", "index": JSON(index), "revision": JSON(receipt.revision)])
  }
}

// How a node without data becomes a member.

import Logging
import Raft

/// Asks a cluster to take a node in.
enum Joining {
  /// Returns who the node is from now on; the cluster knows it as a learner.
  ///
  /// - Throws: what the cluster objects, or `unreachable`.
  static func ask(
    _ member: NodeAddress, toAdmit address: NodeAddress, token: String?, logger: Logger
  ) async throws -> Identity {
    logger.notice("asking \(member) to be admitted")
    let client = ClusterClient(addresses: [member], timeout: .seconds(15), token: token)
    let answer: Result<ClientAnswer, any Error>
    do {
      answer = .success(
        try await client.send(
          ClientRequest(
            .post, "/cluster/members", body: ["address": .string(address.description)])))
    } catch { answer = .failure(error) }
    await client.shutdown()
    let json = try answer.get().json
    guard let cluster = json["cluster"]?.string,
      let node = json["id"]?.string.flatMap({ NodeID(text: $0) })
    else { throw PDBError(.badAnswer, "'\(member)' did not answer as a pdb node does") }
    return Identity(cluster: cluster, node: node, address: address)
  }
}

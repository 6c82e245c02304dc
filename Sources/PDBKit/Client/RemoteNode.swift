// One particular node, asked by itself.

public import PDBModel
public import PDBStore

/// A node of a cluster that is asked once, without looking for another one.
public struct RemoteNode: Sendable {
  /// The node that is asked.
  public let address: NodeAddress
  private let client: ClusterClient
  /// How long an answer may take.
  private let patience: Duration

  /// - Parameters:
  ///   - client: gives the connections and the token.
  ///   - patience: how long an answer may take.
  public init(_ address: NodeAddress, _ client: ClusterClient, within patience: Duration) {
    self.address = address
    self.client = client
    self.patience = patience
  }

  /// What the node says of itself.
  public func status() async throws(PDBError) -> NodeStatus {
    let answer = try await ask(.get("/status", []))
    guard let status = NodeStatus(json: answer.json) else { throw RemoteStore.bad(answer) }
    return status
  }

  /// The cluster as the node knows it.
  public func view() async throws(PDBError) -> ClusterView {
    let answer = try await ask(.get("/cluster/status", []))
    guard let view = ClusterView(json: answer.json) else { throw RemoteStore.bad(answer) }
    return view
  }

  /// Whether the node knows a leader and is in no trouble.
  public func isReady() async -> Bool { (try? await ask(.get("/readyz", []))) != nil }

  /// Tells the node to stop; a leader hands over first.
  ///
  /// - Returns: the id of its process.
  public func stop() async throws(PDBError) -> Int32? {
    try await ask(ClientRequest(.post, "/node/stop", body: [:])).json["process"]?.int64.map {
      Int32(truncatingIfNeeded: $0)
    }
  }

  private func ask(_ request: ClientRequest) async throws(PDBError) -> ClientAnswer {
    try await client.ask(address, request, within: patience).get()
  }
}

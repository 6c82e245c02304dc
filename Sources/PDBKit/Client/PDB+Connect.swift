// Asking a cluster, for programs.

public import PDBModel
public import PDBStore

extension PDB {
  /// Runs `body` with the data of a cluster.
  ///
  /// One node is enough: the others are found. Requests follow the leader, and a change is made once
  /// however often it must be sent. No other cluster is asked than the one that answered first.
  ///
  /// - Parameters:
  ///   - nodes: `host:port`, or `https://host:port` for TLS.
  ///   - token: what the nodes were given with `--token-file`; it is sent only to nodes that proved
  ///     who they are.
  ///   - clusterKey: what `pdb cluster cert --hash` prints, for nodes on other machines.
  ///   - author: who makes the changes, for the history.
  ///   - timeout: how long one request may take, with all its attempts.
  ///   - isolation: the caller's actor, on which `body` runs.
  /// - Throws: `bad_request` for an address that is none; what `body` throws.
  public static func connect<Result>(
    to nodes: [String], token: String? = nil, clusterKey: String? = nil, author: String = "",
    timeout: Duration = .seconds(10), isolation: isolated (any Actor)? = #isolation,
    _ body: (Database) async throws -> Result
  ) async throws -> Result {
    guard !nodes.isEmpty else {
      throw PDBError(.badRequest, "no node is named", hint: "write host:port")
    }
    var security = try TransportSecurity(of: nodes)
    security.key = try clusterKey.map { try KeyHash(parsing: $0) }
    let client = ClusterClient(
      addresses: try nodes.map { try NodeAddress(parsing: $0) }, over: security, timeout: timeout,
      token: token, author: author)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(Database(RemoteStore(client)))) } catch {
      result = .failure(error)
    }
    await client.shutdown()
    return try result.get()
  }
}

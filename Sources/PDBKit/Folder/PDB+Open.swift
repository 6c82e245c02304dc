// Opening a folder, for programs.

import NIOConcurrencyHelpers
import PDBClient
public import PDBModel
public import PDBStore

extension PDB {
  /// Runs `body` with the data of a folder; makes them if there are none.
  ///
  /// No server is needed. If a node serves the folder, now or later, the node is asked.
  ///
  /// - Parameters:
  ///   - folder: the data are in `.pdb` of it.
  ///   - author: who makes the changes, for the history.
  ///   - timeout: how long one request may take; other programs may have the files meanwhile.
  ///   - isolation: the caller's actor, on which `body` runs.
  /// - Throws: `data_directory` if it cannot be made or read; what `body` throws.
  public static func open<Result>(
    _ folder: String, author: String = "", timeout: Duration = .seconds(10),
    isolation: isolated (any Actor)? = #isolation,
    _ body: (Database) async throws -> Result
  ) async throws -> Result {
    let data = try DataFolder.make(in: folder).folder
    let nodes = NodesOfFolder(author: author, timeout: timeout)
    let store = FolderStore(data, author: author, timeout: timeout) { nodes.store($0, $1) }
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(Database(store))) } catch { result = .failure(error) }
    await nodes.shutdown()
    return try result.get()
  }
}

/// The client of the nodes that serve a folder, as long as there are some.
private final class NodesOfFolder: Sendable {
  private let author: String
  private let timeout: Duration
  private let client = NIOLockedValueBox<ClusterClient?>(nil)

  init(author: String, timeout: Duration) {
    self.author = author
    self.timeout = timeout
  }

  func store(_ addresses: [NodeAddress], _ cluster: ClusterIdentity?) -> RemoteStore {
    let client = client.withLockedValue { client in
      let made =
        client
        ?? ClusterClient(
          addresses: addresses, expecting: cluster, timeout: timeout, author: author)
      client = made
      return made
    }
    if let cluster { client.expect(cluster, members: addresses) }
    return RemoteStore(client)
  }

  func shutdown() async { await client.withLockedValue { $0 }?.shutdown() }
}

// Opening a folder, for programs.

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
    let client = ClusterClient(addresses: data.addresses, timeout: timeout, author: author)
    let store = FolderStore(data, client: client, author: author, timeout: timeout)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(Database(store))) } catch { result = .failure(error) }
    await client.shutdown()
    return try result.get()
  }
}

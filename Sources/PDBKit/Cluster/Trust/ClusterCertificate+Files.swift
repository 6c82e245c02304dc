// The cluster's certificate, from the files of a node.

public import PDBModel
import PDBStorage
public import PDBStore

extension ClusterCertificate {
  /// Reads the secret in the files of a node, which may run or not.
  ///
  /// - Throws: `no_input` if there is none, `data_directory` if it cannot be read.
  public init(ofNode port: Int, in folder: String) throws {
    guard let secret = try DataDirectory.secret(ofNode: port, in: folder) else {
      throw PDBError(
        .noInput, "'\(folder)' has no secret of a node \(port)",
        hint: "--data-dir names the folder of its files")
    }
    let key = ClusterKey(ClusterSecret(secret))
    self.init(key: key.hash, pem: try key.rootInPEM)
  }
}

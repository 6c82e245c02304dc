// How an etcd is reached, from what is set.

import PDBKit

extension EtcdAccess {
  /// - Throws: `bad_configuration` for parts that lack another one, and for a password that others can read.
  init(_ settings: Settings) throws {
    self.init()
    authorities = try settings.text(.etcdAuthorities)
    let (file, key) = (try settings.text(.etcdCertificate), try settings.text(.etcdKey))
    if let file, let key {
      certificate = (file, key)
    } else if file != nil || key != nil {
      throw PDBError(.badConfiguration, "core.etcd-cert and core.etcd-key belong together")
    }
    guard let name = try settings.text(.etcdUser) else { return }
    guard let path = try settings.text(.etcdPasswordFile) else {
      throw PDBError(.badConfiguration, "core.etcd-user needs core.etcd-password-file")
    }
    user = (name, try SecretFile.text(path, "password"))
  }
}

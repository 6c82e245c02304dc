// Remotes: names for clusters, as git has them.
//
//   [remote "lab"]                       in the user's own configuration, or the system's
//     nodes = 127.0.0.1:4000,127.0.0.1:4001         or etcd://HOST:PORT/PREFIX
//     token-file = /home/lan/token
//     key = SHA256:...                   what its nodes prove themselves by on other machines
//     tls-ca = /home/lan/ca.pem          or who signed their certificates
//     cluster = b63c2775b4d41bff         which cluster it is: learnt when it is first met,
//     birth = 8a1f5c0d9e3b7a21           and held against every answer from then on; in the
//                                        user's own file, wherever the nodes are

import PDBKit

/// A name for a cluster.
struct Remote: Equatable {
  var name: String
  /// Where nodes are. Empty for an etcd.
  var nodes: [NodeAddress]
  /// The keys of an etcd that hold the data.
  var etcd: EtcdAddress?
  var security = TransportSecurity()
  var tokenFile: String?
  /// `nil` until the cluster has been met.
  var identity: ClusterIdentity?

  enum Key: String, CaseIterable {
    case nodes
    case tokenFile = "token-file"
    case key
    case tlsAuthorities = "tls-ca"
    case cluster, birth
  }

  /// Where it is, as users write it.
  var places: [String] { etcd.map { [$0.description] } ?? nodes.map(\.description) }

  /// - Parameter words: addresses of nodes, or one of an etcd.
  init(name: String, at words: [String]) throws {
    self.name = name
    let isEtcd = words.count == 1 && EtcdAddress.isMeant(by: words[0])
    etcd = isEtcd ? try EtcdAddress(parsing: words[0]) : nil
    nodes = isEtcd ? [] : try words.map(NodeAddress.init(parsing:))
    security = isEtcd ? TransportSecurity() : try TransportSecurity(of: words)
  }

  static let settingPrefix = "remote."

  /// The name of a setting of a remote.
  static func setting(_ name: String, _ key: Key) -> String {
    settingPrefix + name + "." + key.rawValue
  }

  /// Whether a name in a configuration file is one of a remote's settings.
  static func isSetting(_ key: String) -> Bool {
    let parts = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    return parts.count == 3 && key.hasPrefix(settingPrefix) && ConfigFile.isName(parts[1])
      && Key(rawValue: parts[2]) != nil
  }

  /// - Throws: `bad_request` for what cannot be a name, or would be taken for something else.
  static func check(name: String) throws {
    let isElse =
      name.hasPrefix("-") || name == "localhost" || (try? NodeAddress(parsing: name)) != nil
    guard ConfigFile.isName(name), name.utf8.count <= maximalNameBytes, !isElse else {
      throw PDBError(
        .badRequest, "'\(name)' cannot be the name of a remote",
        hint: "names have up to \(maximalNameBytes) bytes of letters, digits and '-', do not begin "
          + "with '-', and are neither a port nor a host")
    }
  }

  private static let maximalNameBytes = 64
}

extension Settings {
  /// All remotes, by name. A folder's file cannot define any.
  var remotes: [Remote] {
    get throws {
      var names: [String] = []
      for value in values where value.key.hasPrefix(Remote.settingPrefix) {
        let parts = value.key.split(separator: ".").map(String.init)
        if parts.count == 3, !names.contains(parts[1]) { names.append(parts[1]) }
      }
      return try names.sorted().map { name in
        let places = self[Remote.setting(name, .nodes)]?.text ?? ""
        // A list of members of etcd has commas of its own.
        let words = EtcdAddress.isMeant(by: places) ? [places] : Setting.words(places)
        var remote = try Remote(name: name, at: words)
        remote.security.key = try self[Remote.setting(name, .key)].map {
          try KeyHash(parsing: $0.text)
        }
        remote.security.authorities = self[Remote.setting(name, .tlsAuthorities)]?.text
        remote.tokenFile = self[Remote.setting(name, .tokenFile)]?.text
        remote.identity = self[Remote.setting(name, .cluster)].map {
          ClusterIdentity(cluster: $0.text, birth: self[Remote.setting(name, .birth)]?.text)
        }
        return remote
      }
    }
  }

  /// - Throws: `not_found` with the names that there are.
  func remote(_ name: String) throws -> Remote {
    let all = try remotes
    if let found = all.first(where: { $0.name == name }) {
      guard found.places.isEmpty else { return found }
      throw PDBError(
        .badConfiguration, "remote '\(name)' has no nodes",
        hint: "'pdb config set remote.\(name).nodes ADDR' says where it is")
    }
    let names = all.filter { !$0.places.isEmpty }.map(\.name)
    let near = name.isEmpty ? [] : Suggestion.nearest(to: name, of: names)
    throw PDBError(
      .badConfiguration, "there is no remote '\(name)'",
      hint: near.first.map { "did you mean '\($0)'?" }
        ?? (names.isEmpty
          ? "'pdb remote add NAME ADDR' makes one"
          : "there are \(names.joined(separator: ", "))"))
  }
}

extension ConfigFile {
  /// Writes a remote, and takes away what it no longer has.
  mutating func write(_ remote: Remote) {
    let texts: [(Remote.Key, String?)] = [
      (
        .nodes,
        remote.etcd?.description
          ?? remote.nodes.map(remote.security.text(of:)).joined(separator: ",")
      ),
      (.tokenFile, remote.tokenFile),
      (.key, remote.security.key?.description),
      (.tlsAuthorities, remote.security.authorities),
    ]
    for (key, text) in texts { write(Remote.setting(remote.name, key), text) }
    pin(remote.name, to: remote.identity)
  }

  /// Writes which cluster a remote stands for.
  mutating func pin(_ name: String, to identity: ClusterIdentity?) {
    write(Remote.setting(name, .cluster), identity?.cluster)
    write(Remote.setting(name, .birth), identity?.birth)
  }

  private mutating func write(_ key: String, _ text: String?) {
    if let text { set(key, text) } else { _ = unset(key) }
  }

  /// Returns whether it was there.
  mutating func removeRemote(_ name: String) -> Bool { removeSection(Remote.settingPrefix + name) }
}

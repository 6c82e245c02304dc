// `pdb remote`: the group.

import ArgumentParser
import PDBKit

struct RemoteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remote", abstract: "Give clusters names.",
    discussion: """
      A remote is a name for a cluster, as in git. It remembers which cluster it stands for, from \
      the first time that it is met: when another one answers under that name, every command ends \
      with 76 and nothing is changed. 'pdb use NAME' makes it the one that commands mean, '--db NAME' \
      for one command.
      """,
    subcommands: [
      RemoteAdd.self, RemoteLs.self, RemoteRm.self, RemoteRename.self, RemoteAccept.self,
    ])
}

/// The user's own configuration file, where remotes are kept, and what it is part of.
struct RemoteFile {
  private(set) var file: ConfigFile
  let settings: Settings

  private static var path: String { Settings.Scope.user.path! }

  init() throws { try self.init(ConfigFile(path: Self.path)) }

  private init(_ file: ConfigFile) throws {
    self.file = file
    settings = try Settings()
  }

  /// Changes the file as it is now. What `body` looks at cannot change before that is written:
  /// other runs of pdb wait.
  static func change<T>(_ body: (inout RemoteFile) throws -> T) throws -> T {
    try ConfigFile.change(path) { file in
      var remotes = try RemoteFile(file)
      let result = try body(&remotes)
      file = remotes.file
      return result
    }
  }

  /// - Throws: `bad_request` if the name is taken or cannot be one.
  func checkFree(_ name: String) throws {
    try Remote.check(name: name)
    // What only says which cluster a name stands for makes no remote.
    guard try !settings.remotes.contains(where: { $0.name == name && !$0.places.isEmpty }) else {
      throw PDBError(
        .conflict, "remote '\(name)' already exists",
        hint: "'pdb remote rm \(name)' removes it, 'pdb remote rename' gives it another name")
    }
  }

  /// A remote of the user's own file.
  ///
  /// - Throws: `bad_configuration` if there is none, or if only the system's file has it.
  func own(_ name: String) throws -> Remote {
    let remote = try settings.remote(name)
    guard file.value(Remote.setting(name, .nodes)) != nil else {
      throw PDBError(
        .badConfiguration, "remote '\(name)' is set in \(Settings.Scope.system.path!)",
        hint: "change it there")
    }
    return remote
  }

  /// Whether `pdb use` has chosen this remote.
  func isUsed(_ name: String) -> Bool { file.value(Setting.remote.rawValue) == name }

  /// Says that the system's file has a remote of this name too, which counts from now on.
  static func noteSystemRemote(_ name: String, _ options: GlobalOptions) throws {
    guard !options.quiet, let below = try Settings().remotes.first(where: { $0.name == name })
    else { return }
    Console.writeError(
      """
      note: '\(name)' means \(below.places.joined(separator: ",")) now, as \
      \(Settings.Scope.system.path!) says
      """)
  }

  // MARK: Changing

  mutating func write(_ remote: Remote) { file.write(remote) }

  mutating func pin(_ name: String, to identity: ClusterIdentity) { file.pin(name, to: identity) }

  mutating func remove(_ name: String) { _ = file.removeRemote(name) }

  mutating func use(_ name: String) { file.set(Setting.remote.rawValue, name) }

  mutating func useNone() { _ = file.unset(Setting.remote.rawValue) }
}

extension Remote {
  var json: JSON {
    [
      "name": .string(name), "nodes": .array(places.map { .string($0) }),
      "cluster": JSON(identity?.cluster), "birth": JSON(identity?.birth),
      "token_file": JSON(tokenFile), "key": JSON(security.key?.description),
      "tls_ca": JSON(security.authorities),
    ]
  }

  /// Asks the nodes which cluster they belong to; `nil` if none answers. The token is not sent: it
  /// is not known yet whether it is meant for that cluster.
  func identified(
    _ options: GlobalOptions, _ settings: Settings
  ) async throws -> ClusterIdentity? {
    if let etcd {
      let store = try EtcdStore(
        etcd, EtcdAccess(settings), timeout: .seconds(try options.timeout(settings)))
      let found: Result<ClusterIdentity?, any Error>
      do { found = .success(try await store.identity()) } catch {
        found = error.code == .unreachable ? .success(nil) : .failure(error)
      }
      await store.shutdown()
      return try found.get()
    }
    let client = ClusterClient(
      addresses: nodes, over: security, timeout: .seconds(try options.timeout(settings)))
    let found: Result<ClusterIdentity?, any Error>
    do {
      var identity = try await client.identify(nodes)
      // A new cluster has its birth a moment after its first leader.
      for _ in 0..<10 where identity != nil && identity?.birth == nil {
        try await Task.sleep(for: .milliseconds(50))
        identity = try await client.identify(nodes)
      }
      found = .success(identity)
    } catch { found = .failure(error) }
    await client.shutdown()
    return try found.get()
  }
}

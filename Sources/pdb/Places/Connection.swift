// How a run of pdb, or a whole shell, reaches the cluster that it means.

import Foundation
import NIOConcurrencyHelpers
import PDBKit

/// A place and the client that talks to it. A command makes its own; in the shell all commands
/// share one, so that they need not find the cluster anew, and cannot end up at another one.
final class Connection: Sendable {
  let place: Place
  let client: ClusterClient
  /// Whether more than one place is set up, so that messages must say which one they are about.
  let hasAlternatives: Bool
  private let memory: NIOLockedValueBox<PlaceMemory>
  private let meeting = Meeting()
  private let shownNode = NIOLockedValueBox<NodeAddress?>(nil)
  private let isQuiet: Bool
  private let author: String
  private let tokenFile: String?
  /// The data, where an etcd has them.
  let etcd: EtcdStore?

  /// The connection that the commands of a shell share.
  @TaskLocal static var shared: Connection?

  /// - Parameter place: the place that is meant; `nil` for the one that options and settings say.
  init(_ options: GlobalOptions, _ settings: Settings, place wanted: Place? = nil) throws {
    let place = try wanted ?? Place(options, settings)
    self.place = place
    hasAlternatives = try !settings.remotes.isEmpty
    // A folder that no node serves needs nothing of it.
    memory = NIOLockedValueBox(place.addresses.isEmpty ? PlaceMemory() : .load())
    isQuiet = options.quiet || options.json
    tokenFile = try Self.tokenFile(options, settings, place)
    let reportsProgress = options.verbose || (Console.isTerminal(.error) && !options.quiet)
    let isVerbose = options.verbose
    let isWaiting = OnceFlag()
    let author = UserEnvironment.name
    self.author = author
    let timeout = Duration.seconds(try options.timeout(settings))
    etcd = try place.etcd.map {
      try EtcdStore($0, EtcdAccess(settings), author: author, timeout: timeout)
    }
    client = ClusterClient(
      addresses: place.addresses.isEmpty ? place.ownAddresses : place.addresses,
      over: try Self.security(options, settings, place),
      expecting: try Self.expectedCluster(in: place),
      timeout: timeout,
      token: try tokenFile.map { try SecretFile.read($0, "token") }, author: author
    ) { notice in
      guard reportsProgress else { return }
      let style = Style(for: .error)
      switch notice {
      case .hop(_, let next, let reason) where isVerbose:
        Console.writeError(style.dim("trying \(next): \(TerminalText(message: reason))"))
      case .hop: break
      case .waiting(let reason) where isVerbose:
        Console.writeError(style.dim("waiting: \(TerminalText(message: reason))"))
      case .waiting:
        // One line when it takes longer than a moment, not one per attempt.
        if !isWaiting.raise() {
          Console.writeError(style.dim("waiting for the cluster to have a leader..."))
        }
      }
    }
  }

  /// Every connection of a run that has one command: it ends with the process, and waiting for
  /// threads to end that are needed no more would only take time.
  private static let kept = NIOLockedValueBox<[Connection]>([])

  func keepUntilExit() { Self.kept.withLockedValue { $0.append(self) } }

  /// A token that is set for all clusters does not go to nodes that only a folder names.
  private static func tokenFile(
    _ options: GlobalOptions, _ settings: Settings, _ place: Place
  ) throws -> String? {
    let set = try place.remote?.tokenFile ?? settings.text(.tokenFile)
    return options.tokenFile ?? (place.isNamedByFolder ? nil : set)
  }

  /// What is said of one place holds before what is set for all.
  private static func security(
    _ options: GlobalOptions, _ settings: Settings, _ place: Place
  ) throws -> TransportSecurity {
    var security = place.security
    if let key = try options.clusterKey.map(KeyHash.init(parsing:)) { security.key = key }
    if let file = options.tlsAuthorities { security.authorities = file }
    if security.key == nil, security.authorities == nil {
      security.key = try settings.text(.clusterKey).map(KeyHash.init(parsing:))
      security.authorities = try settings.text(.tlsAuthorities)
    }
    return security
  }

  // MARK: Meeting

  /// Finds out once which cluster answers, before any other request. From then on no other cluster
  /// is changed or read.
  ///
  /// - Throws: `wrong_cluster`, or the error of the nodes.
  func meet() async throws {
    try await meeting.once { [self] in try await meetNow() }
  }

  /// Returns whether the cluster's identity is known now.
  private func meetNow() async throws -> Bool {
    // A folder that no node serves is nobody to be met, and may be served next time.
    if place.folder != nil, place.addresses.isEmpty { return false }
    if let etcd { return try await meet(etcd) }
    let pinned = place.remote?.identity.flatMap { $0.birth == nil ? nil : $0 }
    let addresses = place.addresses
    if let pinned, memory.withLockedValue({ $0.knows(addresses, of: pinned) }), recall(pinned) {
      return true
    }
    guard let view = try await client.meet(addresses) else {
      if let pinned { return recall(pinned) }
      return place.isStandard ? try await meetAwayFromStandard() : false
    }
    noteIdentity(client.identity ?? view.identity)
    remember(client.identity ?? view.identity, view.addresses, metAt: addresses)
    return true
  }

  /// Sees to it that the database is the one that is meant.
  private func meet(_ etcd: EtcdStore) async throws -> Bool {
    let found = try await etcd.identity()
    if let wanted = try Self.expectedCluster(in: place), !wanted.agrees(with: found) {
      throw PDBError(
        .wrongCluster, "another database answers at \(place.name): \(found), not \(wanted)")
    }
    client.expect(found, members: [])
    noteIdentity(found)
    return true
  }

  /// Nothing answers at the standard address; the other members of the cluster that did so last may,
  /// as long as that address belongs to one of them.
  private func meetAwayFromStandard() async throws -> Bool {
    guard let last = memory.withLockedValue({ $0.standard }), recall(last) else { return false }
    let view = try? await client.meet(client.addresses)
    if let view, view.addresses.contains(Place.standardAddress) { return true }
    client.forget(keeping: place.addresses)
    return false
  }

  /// Uses the last known members of a cluster; returns whether there are any.
  private func recall(_ identity: ClusterIdentity) -> Bool {
    let members = memory.withLockedValue { $0.members(of: identity) }
    guard !members.isEmpty else { return false }
    client.expect(identity, members: members)
    return true
  }

  /// Uses what is remembered of the place, without a request: for completion.
  func recall() {
    let standard = place.isStandard ? memory.withLockedValue { $0.standard } : nil
    if let identity = place.remote?.identity ?? standard { _ = recall(identity) }
  }

  /// Pins a remote to the cluster that it is met as; says when another cluster has taken the
  /// standard address.
  private func noteIdentity(_ found: ClusterIdentity) {
    if let remote = place.remote, remote.identity != found,
      remote.identity?.agrees(with: found) != false
    {
      pin(remote, to: found)
    }
    let last = place.isStandard ? memory.withLockedValue { $0.standard } : nil
    if let last, !last.agrees(with: found), !isQuiet {
      Console.writeError(
        "note: another cluster answers at \(place.name) now: \(found), before it was \(last)")
    }
  }

  /// Writes into the user's file which cluster a remote stands for, as long as the name means what
  /// it meant when this connection was made.
  private func pin(_ remote: Remote, to identity: ClusterIdentity) {
    do {
      try ConfigFile.change(Settings.Scope.user.path!) { file in
        guard (try? Settings().remote(remote.name)) == remote else { return }
        file.pin(remote.name, to: identity)
      }
    } catch {
      let reason = (error as? PDBError)?.message ?? "\(error)"
      Console.writeError(
        "warning: which cluster '\(remote.name)' stands for is not kept: \(TerminalText(message: reason))"
      )
    }
  }

  /// Remembers the addresses of a cluster's members. Other runs of pdb write the same file.
  private func remember(
    _ identity: ClusterIdentity, _ members: [NodeAddress], metAt addresses: [NodeAddress] = []
  ) {
    guard !place.isNamedByFolder, !members.isEmpty else { return }
    let changed = memory.withLockedValue { memory -> PlaceMemory? in
      memory = .load()
      let before = memory
      memory.remember(
        identity, members: members, metAt: addresses, isStandard: place.isStandard)
      return memory == before ? nil : memory
    }
    changed?.save()
  }

  /// A change was answered: the node that did so leads, and is asked first from now on.
  func noteLeader() {
    guard let identity = client.identity, let node = client.lastNode else { return }
    let members = memory.withLockedValue { $0.members(of: identity) }
    guard members.contains(node), members.first != node else { return }
    client.prefer(node)
    remember(identity, [node] + members.filter { $0 != node })
  }

  /// What makes another run of pdb mean the same place, and the same cluster in it.
  var variables: [String: String] {
    let cluster = [Self.clusterVariable: client.identity?.description ?? ""]
    // In the folder that names its nodes, programs find them by themselves, and send no token there.
    guard !place.isNamedByFolder else { return cluster }
    return cluster.merging([
      "PDB_DB": place.remote?.name ?? place.etcd?.description ?? "",
      "PDB_NODES": place.folder == nil && place.etcd == nil
        ? client.addresses.map(place.security.text(of:)).joined(separator: ",") : "",
      Place.folderVariable: place.folder?.path ?? "",
    ]) { $1 }
  }

  private static let clusterVariable = "PDB_CLUSTER"

  /// What `PDB_CLUSTER` says; no text counts as nothing.
  private static var wantedCluster: String? {
    ProcessInfo.processInfo.environment[clusterVariable].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The remote's pin; `PDB_CLUSTER` names the one cluster that may answer, as `ID/BIRTH`, whatever
  /// says where it is.
  private static func expectedCluster(in place: Place) throws -> ClusterIdentity? {
    let pin =
      place.remote?.identity
      ?? (place.addresses.isEmpty ? nil : place.folder?.cluster)
    guard let text = wantedCluster else { return pin }
    guard let identity = ClusterIdentity(parsing: text) else {
      throw PDBError(
        .badConfiguration, "'\(clusterVariable)' must be ID or ID/BIRTH, as 'pdb status' shows it")
    }
    if let pin, !pin.agrees(with: identity) {
      throw PDBError(
        .wrongCluster,
        "'\(place.name)' stands for cluster \(pin), but \(clusterVariable) names \(identity)",
        hint: "to mean '\(place.name)':  unset \(clusterVariable)")
    }
    return identity
  }

  /// Why commands refuse a place; `nil` if there is no such reason.
  static func objection(to place: Place) -> PDBError? {
    do { _ = try expectedCluster(in: place) } catch { return error as? PDBError }
    return nil
  }

  /// The data in the place.
  func store(timeout: Duration) -> any Store {
    if let etcd { return etcd }
    return folderStore(timeout: timeout) ?? RemoteStore(client, timeout: timeout)
  }

  /// The data in the place, where several nodes keep them.
  ///
  /// - Throws: `not_supported` for a folder that no node serves.
  func cluster(timeout: Duration) async throws(PDBError) -> any Clustered {
    try mustHaveNodes()
    if let folder = folderStore(timeout: timeout) {
      guard let nodes = try await folder.nodes else {
        throw PDBError(
          .notSupported, "no node serves '\(place.name)', so there is no cluster",
          hint: "start one:  pdb node start --data-dir \(place.name.shellQuoted)")
      }
      client.follow(nodes.addresses, of: nodes.cluster)
    }
    return RemoteStore(client, timeout: timeout)
  }

  /// - Throws: `not_supported` for an etcd that is asked directly.
  func mustHaveNodes() throws(PDBError) {
    guard let etcd else { return }
    throw PDBError(
      .notSupported, "\(place.name) is asked directly, and no node",
      hint: "a node in front of it has this:  pdb node start --db \(etcd.address); "
        + "for the members of etcd there is etcdctl")
  }

  private func folderStore(timeout: Duration) -> FolderStore? {
    place.folder.map { FolderStore($0, client: client, author: author, timeout: timeout) }
  }

  /// Whether there are nodes to be asked. Those of a folder come and go.
  func findNodes() -> Bool {
    guard let folder = place.folder else { return place.etcd == nil }
    let nodes = folder.serving
    if !nodes.isEmpty, !Set(nodes).isSubset(of: client.addresses) {
      client.follow(nodes, of: folder.cluster)
    }
    return !nodes.isEmpty
  }

  /// What only a cluster of pdb's own has.
  ///
  /// - Throws: `not_supported` for an etcd that is asked directly.
  var remoteStore: RemoteStore {
    get throws(PDBError) {
      try mustHaveNodes()
      return RemoteStore(client)
    }
  }

  // MARK: Naming

  /// The node that the shell's prompt names, if there is one.
  var promptedNode: NodeAddress? {
    get { shownNode.withLockedValue { $0 } }
    set { shownNode.withLockedValue { $0 = newValue } }
  }

  /// An error with what the user can do about it in this place.
  func explaining(_ error: PDBError) -> PDBError {
    var (hint, details) = (error.hint, error.details)
    if error.code == .wrongCluster, hint == nil {
      let accept = place.remote.map {
        "if '\($0.name)' means the cluster that answers now: pdb remote accept \($0.name)"
      }
      if Connection.shared != nil {
        hint =
          accept.map {
            "leave the shell and start it again to talk to the cluster that answers now; \($0)"
          } ?? "leave the shell and start it again to talk to the cluster that answers now"
      } else if Self.wantedCluster != nil {
        hint = "to mean the cluster that answers now:  unset \(Self.clusterVariable)"
      } else {
        hint = accept
      }
    }
    if error.code == .unreachable, place.isStandard {
      hint =
        "'pdb init' makes a database in this folder, without a server; 'pdb node start' starts a node, "
        + "'pdb lab up' a whole cluster"
    }
    if hasAlternatives { details.append(.init("place", .string(description))) }
    return PDBError(
      error.code, error.message, outcome: error.outcome, hint: hint, details: details)
  }

  /// The remote's name, as long as it stands for the cluster that is talked to.
  var standingName: String? {
    guard let name = place.remote?.name, let identity = client.identity,
      let remote = try? Settings().remote(name),
      remote.identity?.agrees(with: identity)
        ?? (remote.nodes == place.addresses && remote.etcd == place.etcd)
    else { return nil }
    return name
  }

  /// The words that make a command mean this place and send its token, where nothing but some
  /// settings says so.
  func words(besides settings: Settings) -> [String] {
    let (name, usual) = (standingName, try? Place.configured(settings))
    var words: [String] = []
    if let folder = place.folder {
      if usual?.folder != folder { words = ["--dir", folder.path] }
    } else if let etcd = place.etcd {
      if usual?.remote?.name != name || usual?.etcd != etcd {
        words = ["--db", name ?? etcd.description]
      }
    } else if usual?.remote?.name != name || usual?.addresses != place.addresses {
      words = ["--db", name ?? place.addresses.map(\.description).joined(separator: ",")]
    }
    let remote = name.flatMap { try? settings.remote($0) }
    if let tokenFile, tokenFile != remote?.tokenFile ?? settings[Setting.tokenFile.rawValue]?.text {
      words += ["--token-file", tokenFile]
    }
    return words
  }

  /// The place and the cluster in it, for messages.
  var description: String {
    client.identity.map { "\(place.name), cluster \($0.cluster)" } ?? place.name
  }

  /// Says where a change went, where that is not plain: wherever more than one place is set up,
  /// and with the first change of the cluster at the standard address.
  func noteChange() {
    guard let identity = client.identity else { return }
    let isFirst =
      place.isStandard
      && memory.withLockedValue { memory in
        memory = .load()
        guard memory.noteChange(of: identity) else { return false }
        memory.save()
        return true
      }
    // A shell's prompt says it.
    guard isFirst || hasAlternatives, Connection.shared == nil, !isQuiet, Console.isTerminal(.error)
    else { return }
    let shown: TerminalText =
      client.identity.map { "\(place.name), cluster \($0.cluster)" } ?? TerminalText(place.name)
    Console.writeError(
      Style(for: .error).dim(
        isFirst
          ? "on \(shown); 'pdb remote add NAME \(place.name)' gives it a name" : "on \(shown)"))
  }
}

/// Runs the search for the cluster once. A search without a result is repeated.
private actor Meeting {
  private var isHeld = false
  private var task: Task<Bool, any Error>?

  /// - Parameter body: returns whether it had a result.
  func once(_ body: @escaping @Sendable () async throws -> Bool) async throws {
    guard !isHeld else { return }
    let task = task ?? Task { try await body() }
    self.task = task
    defer { if self.task == task { self.task = nil } }
    if try await task.value { isHeld = true }
  }
}

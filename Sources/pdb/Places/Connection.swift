// How a run of pdb, or a whole shell, reaches the cluster that it means.

import Foundation
import NIOConcurrencyHelpers
import PDBKit
import Synchronization

/// A place and the client that talks to it. A command makes its own; in the shell all commands
/// share one, so that they need not find the cluster anew, and cannot end up at another one.
final class Connection: Sendable {
  let place: Place
  let client: ClusterClient
  /// Whether more than one place is set up, so that messages must say which one they are about.
  let hasAlternatives: Bool
  private let memory: NIOLockedValueBox<PlaceMemory>
  private let meeting = Meeting()
  private let isQuiet: Bool

  /// The connection that the commands of a shell share.
  @TaskLocal static var shared: Connection?

  init(_ options: GlobalOptions, _ settings: Settings) throws {
    place = try Place(options, settings)
    hasAlternatives = try !settings.remotes.isEmpty
    memory = NIOLockedValueBox(PlaceMemory.load())
    isQuiet = options.quiet || options.json
    let isTalkative = options.verbose || (Console.isTerminal(.error) && !options.quiet)
    let isVerbose = options.verbose
    let isWaiting = Occasion()
    client = ClusterClient(
      addresses: place.addresses,
      expecting: try Self.expectedCluster() ?? place.remote?.identity,
      timeout: .seconds(try options.timeout(settings)),
      token: try Self.token(options, settings, place), author: Person.name
    ) { notice in
      guard isTalkative else { return }
      let style = Style(for: .error)
      switch notice {
      case .hop(_, let next, let reason) where isVerbose:
        Console.writeError(style.dim("trying \(next): \(reason)"))
      case .hop: break
      case .waiting(let reason) where isVerbose:
        Console.writeError(style.dim("waiting: \(reason)"))
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
  private static func token(
    _ options: GlobalOptions, _ settings: Settings, _ place: Place
  ) throws -> String? {
    let set = try place.remote?.tokenFile ?? settings.text(.tokenFile)
    guard let file = options.tokenFile ?? (place.isFoldersOwn ? nil : set) else { return nil }
    return try SecretFile.read(file, "token")
  }

  // MARK: Meeting

  /// Learns which cluster answers before anything is asked of it, once. From then on no other
  /// one is changed or read.
  ///
  /// - Throws: `wrong_cluster`, or what else the nodes object.
  func meet() async throws {
    try await meeting.once { [self] in try await meetNow() }
  }

  private func meetNow() async throws {
    if let pinned = client.identity, recall(pinned) { return }
    guard let view = try await client.meet(place.addresses) else {
      // Nothing answers where the place is; its other members may, if they are known.
      if place.isStandard, let last = memory.withLockedValue({ $0.standard }) { _ = recall(last) }
      return
    }
    try noteIdentity(view.identity)
    remember(view.identity, view.members)
  }

  /// Looks for a cluster where its members were last; returns whether they are known.
  private func recall(_ identity: ClusterIdentity) -> Bool {
    let members = memory.withLockedValue { $0.members(of: identity) }
    guard !members.isEmpty else { return false }
    client.expect(identity, members: members)
    return true
  }

  /// Does without a request what can be known of the place: for completions.
  func recall() {
    let standard = place.isStandard ? memory.withLockedValue { $0.standard } : nil
    if let identity = place.remote?.identity ?? standard { _ = recall(identity) }
  }

  /// Pins a remote to the cluster that it is met as; says when another cluster has taken the
  /// standard address.
  private func noteIdentity(_ found: ClusterIdentity) throws {
    if var remote = place.remote, remote.identity != found, found.birth != nil {
      remote.identity = found
      var file = try ConfigFile(path: Settings.Scope.user.path!)
      file.write(remote)
      try file.save()
    }
    let last = place.isStandard ? memory.withLockedValue { $0.standard } : nil
    if let last, !last.agrees(with: found), !isQuiet {
      Console.writeError(
        "note: another cluster answers at \(place.name) now: \(found), before it was \(last)")
    }
  }

  /// Keeps in mind where a cluster's members are.
  private func remember(_ identity: ClusterIdentity, _ members: [NodeAddress]) {
    guard !place.isFoldersOwn, !members.isEmpty else { return }
    let changed = memory.withLockedValue { memory -> PlaceMemory? in
      let before = memory
      memory.remember(identity, members: members, isStandard: place.isStandard)
      return memory == before ? nil : memory
    }
    changed?.save()
  }

  /// A change was answered by this node: it leads, and is asked first from now on.
  func noteLeader(_ node: NodeAddress) {
    guard let identity = client.identity else { return }
    let members = memory.withLockedValue { $0.members(of: identity) }
    guard members.contains(node), members.first != node else { return }
    client.prefer(node)
    remember(identity, [node] + members.filter { $0 != node })
  }

  /// What makes another run of pdb mean the same place, and the same cluster in it.
  var variables: [String: String] {
    [
      "PDB_DB": place.remote?.name ?? "",
      "PDB_NODES": client.addresses.map(\.description).joined(separator: ","),
      Self.clusterVariable: client.identity?.description ?? "",
    ]
  }

  private static let clusterVariable = "PDB_CLUSTER"

  /// `PDB_CLUSTER`: the one cluster that may answer, as `ID/BIRTH`.
  private static func expectedCluster() throws -> ClusterIdentity? {
    let text = ProcessInfo.processInfo.environment[clusterVariable] ?? ""
    guard !text.isEmpty else { return nil }
    guard let identity = ClusterIdentity(parsing: text) else {
      throw PDBError(
        .badConfiguration, "'\(clusterVariable)' must be ID or ID/BIRTH, as 'pdb status' shows it")
    }
    return identity
  }

  // MARK: Naming

  /// An error with what the user can do about it in this place.
  func explaining(_ error: PDBError) -> PDBError {
    var (hint, details) = (error.hint, error.details)
    if error.code == .wrongCluster, hint == nil {
      if let remote = place.remote {
        hint =
          "if '\(remote.name)' means the cluster that answers now: pdb remote accept \(remote.name)"
      } else if Connection.shared != nil {
        hint = "leave the shell and start it again to talk to the cluster that answers now"
      }
    }
    if hasAlternatives { details.append(.init("place", .string(description))) }
    return PDBError(
      error.code, error.message, outcome: error.outcome, hint: hint, details: details)
  }

  /// The place and the cluster in it, for messages.
  var description: String {
    let cluster = client.identity.map { ", cluster \($0.cluster)" } ?? ""
    return place.name + cluster
  }

  /// Says where a change went, where that is not plain: wherever more than one place is set up,
  /// and with the first change of the cluster at the standard address.
  func noteChange() {
    guard let identity = client.identity else { return }
    let isFirst = place.isStandard && memory.withLockedValue { $0.noteChange(of: identity) }
    if isFirst { memory.withLockedValue { $0 }.save() }
    // A shell's prompt says it.
    guard isFirst || hasAlternatives, Connection.shared == nil, !isQuiet, Console.isTerminal(.error)
    else { return }
    let hint = isFirst ? "; 'pdb remote add NAME \(place.name)' gives it a name" : ""
    Console.writeError(Style(for: .error).dim("on \(description)\(hint)"))
  }
}

/// Something that is done once; what failed is done again.
private actor Meeting {
  private var task: Task<Void, any Error>?

  func once(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let task = task ?? Task { try await body() }
    self.task = task
    do {
      try await withTaskCancellationHandler {
        try await task.value
      } onCancel: {
        task.cancel()
      }
    } catch {
      self.task = nil
      throw error
    }
  }
}

/// Something that is said once.
final class Occasion: Sendable {
  private let state = Atomic(false)

  var isRaised: Bool { state.load(ordering: .relaxed) }

  /// Returns whether it was raised already.
  @discardableResult
  func raise() -> Bool { state.exchange(true, ordering: .relaxed) }
}

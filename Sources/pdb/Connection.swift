// How a run of pdb, or a whole shell, reaches the cluster.

import Foundation
import NIOConcurrencyHelpers
import PDBKit
import Synchronization

/// A client and what it was made from. A command makes its own; in the shell all commands share
/// one, so that they need not find the cluster anew.
final class Connection: Sendable {
  let client: ClusterClient
  let addresses: [NodeAddress]
  let remembered: RememberedClusters
  /// Whether only a folder's file says that these are the nodes: then no token goes there, and
  /// they are not remembered as a place where tokens may go.
  let areFoldersNodes: Bool

  /// The connection that the commands of a shell share.
  @TaskLocal static var shared: Connection?

  init(_ options: GlobalOptions, _ settings: Settings) throws {
    remembered = RememberedClusters.load()
    let named = try Self.named(options, settings)
    addresses = Self.addresses(named.addresses, remembered)
    areFoldersNodes = named.scope == .folder
    let isTalkative = options.verbose || (Console.isTerminal(.error) && !options.quiet)
    let isVerbose = options.verbose
    let isWaiting = Occasion()
    client = ClusterClient(
      addresses: addresses, timeout: .seconds(try options.timeout(settings)),
      token: try Self.token(options, settings, areFoldersNodes: named.scope == .folder),
      author: Person.name
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
  /// threads to end that nobody needs any more would only take time.
  private static let kept = NIOLockedValueBox<[Connection]>([])

  func keepUntilExit() { Self.kept.withLockedValue { $0.append(self) } }

  /// `--node`, then what is set.
  private static func named(
    _ options: GlobalOptions, _ settings: Settings
  ) throws -> (addresses: [NodeAddress], scope: Settings.Scope?) {
    let flags = try options.node.map(NodeAddress.init(parsing:))
    if !flags.isEmpty { return (flags, nil) }
    guard let list = try settings.text(.nodes) else { return ([], nil) }
    return (try Setting.addresses(list), settings[Setting.nodes.rawValue]?.scope)
  }

  /// The named nodes, or the cluster used last, or the default; and the other members of that
  /// cluster, as far as they are known.
  private static func addresses(
    _ named: [NodeAddress], _ remembered: RememberedClusters
  ) -> [NodeAddress] {
    if let first = named.first {
      let others = remembered.cluster(with: first).map(remembered.addresses) ?? []
      return named + others.filter { !named.contains($0) }
    }
    let known = remembered.last.map(remembered.addresses) ?? []
    return known.isEmpty ? [NodeAddress(host: "127.0.0.1", port: 4000)] : known
  }

  /// A token that is set for all clusters does not go to nodes that some folder names.
  private static func token(
    _ options: GlobalOptions, _ settings: Settings, areFoldersNodes: Bool
  ) throws -> String? {
    if let file = options.tokenFile { return try SecretFile.read(file, "token") }
    guard !areFoldersNodes, let file = try settings.text(.tokenFile) else { return nil }
    return try SecretFile.read(file, "token")
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

// A command's conversation with the cluster: where it is, what it answered, how it is told.

import ArgumentParser
import Foundation
import PDBKit
import Synchronization

/// What a command needs to talk to a cluster and to its user.
final class Session: Sendable {
  let options: GlobalOptions
  private let client: ClusterClient
  private let addresses: [NodeAddress]
  private let remembered: RememberedClusters

  /// Runs a command's work with a session, and gives its errors the form the user asked for.
  static func run(
    _ options: GlobalOptions, _ body: (Session) async throws -> Void
  ) async throws {
    do {
      let session = try Session(options)
      do {
        try await body(session)
      } catch {
        await session.client.shutdown()
        throw error
      }
      await session.client.shutdown()
    } catch let error as PDBError {
      throw Failure(error: error, asJSON: options.json)
    }
  }

  private init(_ options: GlobalOptions) throws {
    self.options = options
    remembered = RememberedClusters.load()
    addresses = try Self.addresses(options, remembered)
    let isTalkative = options.verbose || (Console.isTerminal(.error) && !options.quiet)
    let isVerbose = options.verbose
    let isWaiting = Flag()
    client = ClusterClient(
      addresses: addresses, timeout: .seconds(options.timeout),
      token: try options.tokenFile.map { try SecretFile.read($0, "token") }, author: NSUserName()
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

  /// `--node`, then `PDB_NODES`, then the cluster used last, then the default; and the other
  /// members of that cluster, as far as they are known.
  private static func addresses(
    _ options: GlobalOptions, _ remembered: RememberedClusters
  ) throws -> [NodeAddress] {
    var named = try options.node.map(NodeAddress.init(parsing:))
    if named.isEmpty {
      let variable = ProcessInfo.processInfo.environment["PDB_NODES"] ?? ""
      named = try variable.split(separator: ",").map { try NodeAddress(parsing: String($0)) }
    }
    if let first = named.first {
      let others = remembered.cluster(with: first).map(remembered.addresses) ?? []
      return named + others.filter { !named.contains($0) }
    }
    let known = remembered.last.map(remembered.addresses) ?? []
    return known.isEmpty ? [NodeAddress(host: "127.0.0.1", port: 4000)] : known
  }

  func send(_ request: ClientRequest) async throws -> ClientAnswer {
    var request = request
    if options.stale && request.method == .get {
      request.path += (request.path.contains("?") ? "&" : "?") + "consistency=stale"
    }
    let answer = try await client.send(request)
    await remember(answer, isChange: request.method != .get)
    return answer
  }

  /// Asks before something that cannot be undone one by one; elsewhere than on a terminal
  /// only `--yes` will do.
  func confirm(_ question: String) throws {
    if options.yes { return }
    guard Console.inputIsTerminal, Console.isTerminal(.error) else {
      throw Failure(
        error: PDBError(.badRequest, "not done without asking: \(question)", hint: "add --yes"),
        asJSON: options.json, status: .declined)
    }
    guard Console.confirm(question + "?") else { throw ExitCode(ExitStatus.declined.rawValue) }
  }

  /// What a member says of itself, from that member.
  func status(of address: NodeAddress) async -> Result<ClientAnswer, PDBError> {
    await client.ask(address, "/status", within: .seconds(min(1, options.timeout)))
  }

  /// The node that commands about one node mean when none is named.
  var firstAddress: NodeAddress { addresses[0] }

  /// Asks one node to stop.
  func stop(_ address: NodeAddress) async -> Result<ClientAnswer, PDBError> {
    await client.ask(
      address, ClientRequest(.post, "/node/stop", body: [:]), within: .seconds(options.timeout))
  }

  /// How a member sees the cluster.
  func clusterStatus(of address: NodeAddress) async -> Result<ClientAnswer, PDBError> {
    await client.ask(address, "/cluster/status", within: .seconds(min(1, options.timeout)))
  }

  /// Talk for people; silent with `--quiet`, `--json` and in pipes.
  func say(_ line: String) {
    if !options.quiet && !options.json && Console.isTerminal(.output) { Console.write(line) }
  }

  /// Learns the members of the cluster that answered, unless they are known already. Changes
  /// are answered by the leader, which should be known too.
  private func remember(_ answer: ClientAnswer, isChange: Bool) async {
    let known = remembered.addresses(of: answer.cluster)
    let isKnown = isChange ? known.first == answer.node : known.contains(answer.node)
    if isKnown && remembered.last == answer.cluster { return }
    let result = await client.ask(answer.node, "/cluster/status", within: .seconds(1))
    guard case .success(let status) = result else { return }
    let members = (status.json["members"]?.array ?? []).compactMap { member in
      member["address"]?.string.flatMap { try? NodeAddress(parsing: $0) }
    }
    guard !members.isEmpty else { return }
    let leader = status.json["leader"]?.string.flatMap { try? NodeAddress(parsing: $0) }
    var remembered = remembered
    remembered.remember(
      answer.cluster, members.filter { $0 == leader } + members.filter { $0 != leader })
    remembered.save()
  }
}

/// Something that is said once.
private final class Flag: Sendable {
  private let isRaised = Atomic(false)

  /// Returns whether it was raised already.
  func raise() -> Bool { isRaised.exchange(true, ordering: .relaxed) }
}

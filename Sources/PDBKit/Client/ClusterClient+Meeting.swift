// Which cluster answers: learnt before anything is asked of it.

/// What a cluster says of itself to a client that meets it.
public struct ClusterView: Sendable {
  public let identity: ClusterIdentity
  /// Where the members are, the leader first.
  public let members: [NodeAddress]
  /// How many voters make a majority.
  public let quorum: Int
  /// Commands that start dead members again, as far as the node that answered knows.
  public let restarts: [String]

  init(_ answer: ClientAnswer) {
    identity = answer.identity
    let (members, leader) = (answer.members, answer.leader)
    self.members = members.filter { $0 == leader } + members.filter { $0 != leader }
    quorum = Int(answer.json["quorum"]?.int64 ?? 1)
    restarts = (answer.json["members"]?.array ?? []).compactMap { $0["restart"]?.string }
  }
}

extension ClusterClient {
  /// How long a node may take to say who it is.
  private static let meetingPatience = Duration.seconds(2)
  /// How long the others may take once one has said it.
  private static let meetingGrace = Duration.milliseconds(250)

  /// Asks all of some addresses which cluster they belong to, and takes it as the one that is
  /// meant from now on.
  ///
  /// - Returns: `nil` if none of them answers.
  /// - Throws: `wrong_cluster` if they belong to two clusters, or to another one than expected;
  ///   whatever else a node objects, for example `unauthorized`.
  public func meet(_ addresses: [NodeAddress]) async throws -> ClusterView? {
    let isAnyWelcome = identity == nil
    let results = await firstAnswers(of: addresses, within: min(Self.meetingPatience, timeout))
    var refusals: [PDBError] = []
    for case .failure(let error) in results where error.code != .unreachable {
      refusals.append(error)
    }
    // Where it is known which cluster is meant, others are only in the place of its members.
    if isAnyWelcome, let other = refusals.first(where: { $0.code == .wrongCluster }) {
      // None of them is meant, and the next meeting begins anew.
      forgetIdentity()
      throw PDBError(
        .wrongCluster, "the nodes belong to two clusters: \(other.message)",
        hint: "name the nodes of one cluster only", details: other.details)
    }
    guard let answer = results.lazy.compactMap({ try? $0.get() }).first else {
      if let refusal = refusals.first { throw refusal }
      return nil
    }
    let view = ClusterView(answer)
    learn(view)
    return view
  }

  /// Whether a node must say which cluster it belongs to before it is sent a request: one change
  /// goes to one cluster, however many nodes leave it without an answer.
  func mustIntroduce(_ address: NodeAddress, before request: ClientRequest) -> Bool {
    request.isChange && identity == nil
  }

  /// Asks a node which cluster it belongs to, and nothing else.
  ///
  /// - Returns: why it must not be sent the request; `nil` if it belongs to the cluster that is
  ///   meant.
  func introduction(of address: NodeAddress, within patience: Duration) async -> Attempts.Result? {
    switch await attempt(ClientRequest(.get, "/livez"), at: address, within: patience) {
    case .lost(let reason): .silent(reason)
    case .answer: nil
    case let objection: objection
    }
  }

  /// The answers that come in time, in the order of the addresses.
  private func firstAnswers(
    of addresses: [NodeAddress], within patience: Duration
  ) async -> [Result<ClientAnswer, PDBError>] {
    await withTaskGroup(of: (Int, Result<ClientAnswer, PDBError>)?.self) { group in
      for (position, address) in addresses.enumerated() {
        group.addTask {
          (position, await self.ask(address, "/cluster/status", within: patience))
        }
      }
      var answers: [(Int, Result<ClientAnswer, PDBError>)] = []
      var isHurried = false
      while answers.count < addresses.count, let next = await group.next(), let next {
        answers.append(next)
        if !isHurried, case .success = next.1 {
          isHurried = true
          group.addTask {
            try? await Task.sleep(for: Self.meetingGrace)
            return nil
          }
        }
      }
      group.cancelAll()
      return answers.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }
}

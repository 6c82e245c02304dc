// Which cluster answers: learnt before anything is asked of it.

public import PDBModel
public import PDBStore

extension ClusterClient {
  /// How long a node may take to say which cluster it belongs to.
  static let meetingPatience = Duration.seconds(2)
  /// How long the others may take once one has said it.
  private static let meetingGrace = Duration.milliseconds(250)

  /// Asks all of some addresses which cluster they belong to, and takes it as the one that is
  /// meant from now on.
  ///
  /// - Returns: `nil` if none of them answers.
  /// - Throws: `wrong_cluster` if they belong to two clusters, or to another one than expected;
  ///   whatever else a node objects, for example `unauthorized`.
  public func meet(_ addresses: [NodeAddress]) async throws -> ClusterView? {
    let answer = try await answer(of: addresses, to: ClientRequest(.get, "/cluster/status"))
    guard let answer else { return nil }
    guard let view = ClusterView(json: answer.json) else { throw RemoteStore.bad(answer) }
    learn(view, as: answer.identity)
    return view
  }

  /// Does the same without a token, and learns nothing but which cluster it is.
  public func identify(_ addresses: [NodeAddress]) async throws -> ClusterIdentity? {
    try await answer(of: addresses, to: .introduction)?.identity
  }

  private func answer(
    of addresses: [NodeAddress], to request: ClientRequest
  ) async throws -> ClientAnswer? {
    let isAnyWelcome = identity == nil
    let patience = min(Self.meetingPatience, timeout)
    let results = await firstAnswers(of: addresses, to: request, within: patience)
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
    return answer
  }

  /// Asks a node which cluster it belongs to, if that must be known before it is sent a request:
  /// neither a token nor a body is in the question. On this machine a node must also prove that it knows
  /// the token before it is sent it.
  ///
  /// - Returns: why it must not be sent the request; `nil` if it may be.
  package func objection(
    to request: ClientRequest, at address: NodeAddress, within patience: Duration
  ) async -> Attempts.Result? {
    guard mustIntroduce(address, before: request) else { return nil }
    var introduction = ClientRequest.introduction
    let challenge = TokenProof.challenge()
    introduction.challenge = challenge
    switch await attempt(introduction, at: address, within: patience) {
    case .lost(let reason): return .silent(reason)
    case .answer(let answer):
      if let objection = self.objection(to: answer, for: challenge) { return .error(objection) }
      noteIntroduction(of: address, as: answer.identity)
      return nil
    case let objection: return objection
    }
  }

  /// The answers that come in time, in the order of the addresses.
  private func firstAnswers(
    of addresses: [NodeAddress], to request: ClientRequest, within patience: Duration
  ) async -> [Result<ClientAnswer, PDBError>] {
    await withTaskGroup(of: (Int, Result<ClientAnswer, PDBError>)?.self) { group in
      for (position, address) in addresses.enumerated() {
        group.addTask {
          (position, await self.ask(address, request, within: patience))
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

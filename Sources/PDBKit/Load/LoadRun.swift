// Puts a load on a cluster.

import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
public import PDBClient
import PDBModel
import PDBStore

/// One run of a load against one cluster.
public struct LoadRun: Sendable {
  private let plan: LoadPlan
  private let client: ClusterClient
  private let report = NIOLockedValueBox(LoadReport())

  /// - Parameter client: knows where the cluster is, the token, and how long an answer may take.
  public init(_ plan: LoadPlan, on client: ClusterClient) {
    self.plan = plan
    self.client = client
  }

  /// How many requests were answered so far.
  public var progress: Int { report.withLockedValue { $0.requests + $0.errors } }

  /// Makes what there has to be before the clock runs: keys to read. They are taken to be there if
  /// the last of them is, with a value of the right length.
  ///
  /// - Parameter tell: how many of ``LoadPlan/keys`` there are.
  /// - Throws: ``PDBError``.
  public func prepare(_ tell: (Int) -> Void) async throws {
    guard plan.reads else { return }
    let store = RemoteStore(client)
    let last = try? await store.get(Bytes(utf8: plan.key(plan.keys - 1)), at: .now)
    if last?.value?.jsonValue.string?.utf8.count == plan.valueBytes { return }
    let count = max(1, min(Limits.batchCount, Limits.bodyBytes / (plan.valueBytes + 64) - 1))
    for start in stride(from: 0, to: plan.keys, by: count) {
      let numbers = Array(start..<min(start + count, plan.keys))
      try await store.apply(plan.setting(numbers))
      tell(numbers.last! + 1)
    }
  }

  /// Runs the load to its end, or until the task is cancelled.
  ///
  /// - Throws: ``PDBError`` if there is no leader to begin with, or if another cluster answers in
  ///   the place of this one.
  public func run() async throws -> LoadReport {
    let targets = try await LoadTargets(client)
    let pace = LoadPace(plan)
    try await withThrowingDiscardingTaskGroup { group in
      for number in 0..<plan.clients {
        group.addTask(executorPreference: LoopExecutor.shared) {
          try await LoadClient(number, plan, client, targets, report).run(pace)
        }
      }
    }
    return report.withLockedValue { report in
      report.duration = pace.elapsed
      return report
    }
  }
}

/// One client: sends a request, waits for the answer, and begins again.
private final class LoadClient {
  private let number: Int
  private let plan: LoadPlan
  private let client: ClusterClient
  private let targets: LoadTargets
  private let report: NIOLockedValueBox<LoadReport>
  private var connections: [NodeAddress: LoadConnection] = [:]

  init(
    _ number: Int, _ plan: LoadPlan, _ client: ClusterClient, _ targets: LoadTargets,
    _ report: NIOLockedValueBox<LoadReport>
  ) {
    self.number = number
    self.plan = plan
    self.client = client
    self.targets = targets
    self.report = report
  }

  deinit { for connection in connections.values { connection.close() } }

  func run(_ pace: LoadPace) async throws {
    while !Task.isCancelled, let due = pace.next() {
      let wait = due - .now
      if wait > .zero {
        do { try await LoopExecutor.shared.sleep(for: wait) } catch { return }
      }
      try await ask(plan.request(), due)
    }
  }

  private func ask(_ request: LoadRequest, _ due: ContinuousClock.Instant) async throws {
    let address =
      plan.usesAllNodes && request.kind == .read ? targets.member(number) : targets.leader
    do {
      let connection = try await connection(to: address)
      let (head, body) = client.encoded(request.request, to: address)
      let answer = try await connection.send(head, body)
      if answer.status < 300 {
        report.withLockedValue { $0.succeeded(request, after: .now - due) }
        return
      }
      fail(Self.reason(answer))
    } catch let failure as LoadConnection.Failure {
      connections[address] = nil
      fail(failure.reason)
    } catch {
      fail("\(error)")
    }
    // A client whose request failed should not ask ten thousand times a second.
    try? await LoopExecutor.shared.sleep(for: .milliseconds(20))
    try await targets.findLeader(report.withLockedValue { $0.requests })
  }

  private func fail(_ reason: String) { report.withLockedValue { $0.failed(reason) } }

  private func connection(to address: NodeAddress) async throws -> LoadConnection {
    if let connection = connections[address] { return connection }
    let question = ClientRequest(.get, "/")
    if await client.objection(to: question, at: address, within: client.timeout) != nil {
      throw LoadConnection.Failure(reason: "\(address) does not say that it is a member")
    }
    let connection = try await LoadConnection.connect(to: address, patience: client.timeout)
    connections[address] = connection
    return connection
  }

  private static func reason(_ answer: LoadConnection.Answer) -> String {
    let json = answer.body.flatMap { try? JSON(parsing: $0.readableBytesView) }
    let code = json.flatMap(PDBError.init(json:))?.code.rawValue
    return code.map { "\(answer.status) \($0)" } ?? "\(answer.status)"
  }
}

/// The leader, and the other members.
private final class LoadTargets: Sendable {
  private let client: ClusterClient
  private let members: [NodeAddress]
  private let current: NIOLockedValueBox<NodeAddress>

  init(_ client: ClusterClient) async throws {
    self.client = client
    let view = try await RemoteStore(client).view()
    guard let leader = view.leader?.nodeAddress else {
      throw PDBError(
        .noLeader, "the cluster has no leader now",
        hint: "'pdb cluster status' shows which nodes are down")
    }
    members = view.addresses
    current = NIOLockedValueBox(leader)
  }

  var leader: NodeAddress { current.withLockedValue { $0 } }

  func member(_ number: Int) -> NodeAddress { members[number % members.count] }

  /// Asks the members, until one knows a leader.
  ///
  /// - Parameter count: how many requests have been answered.
  /// - Throws: `wrong_cluster` if another cluster answers, and no member.
  func findLeader(_ count: Int) async throws {
    var stranger: PDBError?
    for address in members {
      do {
        let view = try await RemoteNode(address, client, within: .milliseconds(300)).view()
        stranger = nil
        guard let leader = view.leader?.nodeAddress else { continue }
        return current.withLockedValue { $0 = leader }
      } catch  where error.code == .wrongCluster { stranger = error } catch {}
    }
    guard let stranger else { return }
    throw PDBError(
      stranger.code, stranger.message, outcome: count > 0 ? .applied : .notApplied,
      details: stranger.details + [.init("changed", JSON(count))])
  }
}

// The attempts of one request: which node to ask next, when to stop, what to say then.

package import PDBModel
import PDBStore

/// Decides, without I/O, what follows from each attempt.
package struct Attempts {
  package enum Result {
    case answer(ClientAnswer)
    case error(PDBError)
    /// The node did not get the request.
    case unreachable(String)
    /// The node may have got the request.
    case lost(String)
    /// The node did not say in time which cluster it belongs to, so it was not sent the request.
    case silent(String)
  }

  enum Next {
    case done(ClientAnswer)
    case failed(PDBError)
    case hop(to: NodeAddress, reason: String)
    case pause(reason: String)
  }

  private let isChange: Bool
  private var addresses: [NodeAddress]
  private var position = 0
  private var preferred: NodeAddress?
  private var states: [NodeAddress: String] = [:]
  private var unreachable: Set<NodeAddress> = []
  /// Those that belong to another cluster, or are no nodes at all.
  private var strangers: Set<NodeAddress> = []
  /// Those that have answered at all.
  private var answered: Set<NodeAddress> = []
  /// Whether an attempt's change may have been applied although no answer says so.
  private(set) var mayBeApplied = false
  private var lastError: PDBError?
  private var strangersError: PDBError?
  /// What the cluster said of itself before, if it was asked.
  private let view: ClusterView?
  private(set) var count = 0

  init(addresses: [NodeAddress], isChange: Bool, view: ClusterView? = nil) {
    var seen: Set<NodeAddress> = []
    self.addresses = addresses.filter { seen.insert($0).inserted }
    self.isChange = isChange
    self.view = view
  }

  var hasAlternative: Bool { addresses.count > 1 }

  /// How often all addresses have been tried.
  var round: Int { (count - 1) / addresses.count }

  mutating func next() -> NodeAddress {
    count += 1
    if let address = preferred {
      preferred = nil
      return address
    }
    return addresses[position]
  }

  mutating func record(_ result: Result, of address: NodeAddress) -> Next {
    switch result {
    case .answer(let answer):
      return .done(answer)
    case .error(let error):
      unreachable.remove(address)
      strangers.remove(address)
      answered.insert(address)
      return record(error, of: address)
    case .unreachable(let reason):
      unreachable.insert(address)
      answered.remove(address)
      return moveOn(from: address, reason)
    case .lost(let reason):
      if isChange { mayBeApplied = true }
      unreachable.remove(address)
      return moveOn(from: address, reason)
    case .silent(let reason):
      unreachable.remove(address)
      return moveOn(from: address, reason)
    }
  }

  private mutating func record(_ error: PDBError, of address: NodeAddress) -> Next {
    lastError = error
    switch error.code {
    case .notLeader:
      let leader = error.details.first { $0.name == "leader" }?.value.string
      guard let leader = leader.flatMap({ try? NodeAddress(parsing: $0) }) else {
        return moveOn(from: address, "does not lead")
      }
      if !addresses.contains(leader) { addresses.append(leader) }
      states[address] = "up, follows \(leader)"
      // A dead leader is named until the others notice: then wait, and ask another.
      if unreachable.contains(leader) { return moveOn(from: address, "still follows \(leader)") }
      preferred = leader
      return .hop(to: leader, reason: "\(leader) leads")
    case .noLeader, .noQuorum, .busy, .stopping:
      return moveOn(from: address, error.code == .busy ? "busy" : "up, knows no leader")
    case .unknownOutcome:
      mayBeApplied = true
      return moveOn(from: address, "could not confirm the change in time")
    case .wrongCluster where error.outcome == .notApplied, .badAnswer where hasAlternative:
      // It may have taken the place of a dead member, while the others are the nodes they were.
      strangers.insert(address)
      answered.remove(address)
      strangersError = error
      if error.outcome == .unknown { mayBeApplied = true }
      return moveOn(
        from: address,
        error.code == .badAnswer ? "is no pdb node" : "belongs to another cluster")
    case .unauthorized, .untrusted, .tlsRequired, .tooManyAttempts, .forbiddenHost,
      .forbiddenOrigin, .badAnswer, .diskFull, .internal:
      // This says nothing about what became of an earlier attempt.
      return .failed(mayBeApplied ? failure : error)
    case _ where mayBeApplied && !PDBError.Code.known.contains(error.code):
      // Nor does what only a newer build understands.
      return .failed(
        PDBError(
          error.code, error.message, outcome: .unknown, hint: error.hint, details: error.details))
    default:
      return .failed(error)
    }
  }

  private mutating func moveOn(from address: NodeAddress, _ state: String) -> Next {
    states[address] = state
    // None of the cluster's nodes is there at all: waiting would only hide that.
    if unreachable.union(strangers).count == addresses.count { return .failed(failure) }
    position = ((addresses.firstIndex(of: address) ?? position) + 1) % addresses.count
    let next = addresses[position]
    if unreachable.contains(address) || count < addresses.count {
      return .hop(to: next, reason: "\(address): \(state)")
    }
    return .pause(reason: "\(address): \(state)")
  }

  /// An attempt ended because the user does not want to wait any longer.
  mutating func interrupted(_ result: Result) {
    switch result {
    case .lost: if isChange { mayBeApplied = true }
    case .error(let error): if isChange, error.outcome != .notApplied { mayBeApplied = true }
    case .answer, .unreachable, .silent: break
    }
  }

  /// What to say when the user does not want to wait any longer.
  var interruption: PDBError {
    PDBError(
      .interrupted, "stopped waiting for an answer", outcome: mayBeApplied ? .unknown : .notApplied,
      hint: mayBeApplied ? "look whether it is there before you make it again" : nil)
  }

  /// What to say when the time is up.
  var failure: PDBError {
    let nodes = addresses.compactMap { address in
      states[address].map { state in
        JSON.object([
          .init("address", .string(address.description)), .init("state", .string(state)),
        ])
      }
    }
    let details = [JSON.Member("nodes", .array(nodes))]
    if mayBeApplied {
      return PDBError(
        .unknownOutcome, "no node confirmed the change in time", outcome: .unknown,
        hint: "look whether it is there before you make it again", details: details)
    }
    if let strangersError, answered.isEmpty {
      return PDBError(
        strangersError.code, strangersError.message, hint: strangersError.hint,
        details: strangersError.details + details)
    }
    if unreachable.count == addresses.count {
      return PDBError(
        .unreachable,
        addresses.count == 1
          ? "cannot reach '\(addresses[0])'" : "none of \(addresses.count) nodes answers",
        hint: "is it running? 'pdb node start' starts a node, 'pdb lab up' a whole cluster",
        details: details)
    }
    if lastError?.code == .busy {
      return PDBError(
        .busy, "the cluster has more requests than it can take",
        hint: "try again in a moment", details: details)
    }
    return PDBError(
      answered.count < quorum ? .noQuorum : .noLeader, noLeader, hint: hint, details: details)
  }

  private var noLeader: String {
    let (count, all) = (answered.count, addresses.count)
    if count < quorum {
      return all == 1
        ? "no leader: \(count) of 1 node answered, \(quorum) are needed"
        : "no leader: \(count) of \(all) nodes answered, \(quorum) are needed"
    }
    return all == 1
      ? "no leader: \(count) of 1 node answered, and none of them leads"
      : "no leader: \(count) of \(all) nodes answered, and none of them leads"
  }

  private var quorum: Int { view?.quorum ?? addresses.count / 2 + 1 }

  private var hint: String {
    if !isChange { return "'--stale' reads what a node has by itself" }
    let restart = view?.members.lazy.compactMap(\.restart).first
    return restart.map { "start one more node:  \($0)" }
      ?? "'pdb cluster status' shows which nodes are down"
  }
}

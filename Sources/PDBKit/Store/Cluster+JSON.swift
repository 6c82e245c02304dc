// The cluster and its nodes as JSON: the forms of `/cluster/members`, `/cluster/status`, `/status`.

public import PDBModel

extension ClusterMember {
  /// - Parameter isFull: with the command that starts it again.
  func json(isFull: Bool) -> JSON {
    var members: [JSON.Member] = [
      .init("id", .string(id)),
      .init("address", .string(address)),
      .init("url", .string(NodeAddress.url(of: address))),
      .init("is_leader", .bool(isLeader)),
      .init("voter", .bool(isVoter)),
    ]
    if let matchIndex { members.append(.init("match", JSON(matchIndex))) }
    if let silence { members.append(.init("silent_ms", JSON(silence))) }
    if isFull { members.append(.init("restart", JSON(restart))) }
    return .object(members)
  }

  /// The member of such an object; `nil` if id or address is missing.
  public init?(json: JSON) {
    guard let id = json["id"]?.string, let address = json["address"]?.string else { return nil }
    self.init(id: id, address: address)
    isLeader = json["is_leader"]?.bool ?? false
    isVoter = json["voter"]?.bool ?? true
    matchIndex = json["match"]?.uint64
    silence = json["silent_ms"]?.uint64
    restart = json["restart"]?.string
  }
}

extension ClusterView {
  /// Everything: `/cluster/status`.
  public var json: JSON {
    [
      "cluster": .string(identity.cluster),
      "birth": JSON(identity.birth),
      "leader": JSON(leader.map { NodeAddress.url(of: $0.address) }),
      "followers": .array(
        members.filter { !$0.isLeader }.map { .string(NodeAddress.url(of: $0.address)) }),
      "current_node": .string(node.url),
      "is_leader": .bool(isLeader),
      "term": JSON(term),
      "quorum": JSON(quorum),
      "engine": .string(engine.rawValue),
      "members": .array(members.map { $0.json(isFull: true) }),
      "removed": .array(removed.map { .string($0) }),
    ]
  }

  /// Only the members: `/cluster/members`.
  public var membersJSON: JSON {
    [
      "cluster": .string(identity.cluster),
      "members": .array(members.map { $0.json(isFull: false) }),
      "removed": .array(removed.map { .string($0) }),
    ]
  }

  /// - Parameter json: everything.
  public init?(json: JSON) {
    guard let cluster = json["cluster"]?.string,
      let node = json["current_node"]?.string.flatMap({ try? NodeAddress(parsing: $0) }),
      let members = json["members"]?.array
    else { return nil }
    self.init(
      identity: ClusterIdentity(cluster: cluster, birth: json["birth"]?.string), node: node,
      isLeader: json["is_leader"]?.bool ?? false, term: json["term"]?.uint64 ?? 0,
      quorum: Int(json["quorum"]?.int64 ?? 1), members: members.compactMap(ClusterMember.init),
      removed: (json["removed"]?.array ?? []).compactMap(\.string))
    engine = json["engine"]?.string.flatMap(Engine.init) ?? .raft
  }
}

extension NodeStatus {
  /// The form of `/status`.
  public var json: JSON {
    let leaderURL = JSON(leader.map { NodeAddress.url(of: $0, isInsecure: isInsecure) })
    return [
      "node": .string(node),
      "cluster": .string(identity.cluster),
      "birth": JSON(identity.birth),
      "incarnation": .string(incarnation),
      "address": .string(address.description),
      "port": JSON(address.port),
      "role": .string(role),
      "is_leader": .bool(isLeader),
      "leader": leaderURL,
      "current_leader": leaderURL,
      "term": JSON(term),
      "peers": .array(peers.map { .string(NodeAddress.url(of: $0, isInsecure: isInsecure)) }),
      "last_heartbeat": lastHeartbeat.map {
        .number(String(Double($0.milliseconds) / 1000))
      } ?? .null,
      "commit": JSON(commitIndex),
      "commit_settled": JSON(settledCommitIndex),
      "applied": JSON(appliedIndex),
      "last": JSON(lastIndex),
      "log_first": JSON(firstIndex),
      "log_entries": JSON(logEntries),
      "log_bytes": JSON(logBytes),
      "revision": JSON(revision),
      "hash": .string(String(hash, radix: 16)),
      "alarms": .array(alarms.map { .string($0) }),
      "insecure": .bool(isInsecure),
      "started": JSON(started.map(\.description)),
      "poisoned": poisoned?.json ?? .null,
      "version": .string(version),
    ]
  }

  /// The status of such an object; `nil` if node, cluster, address or role is missing.
  public init?(json: JSON) {
    guard let node = json["node"]?.string, let cluster = json["cluster"]?.string,
      let address = json["address"]?.string.flatMap({ try? NodeAddress(parsing: $0) }),
      let role = json["role"]?.string
    else { return nil }
    func bare(_ url: JSON?) -> String? { url?.string.map(NodeAddress.address) }
    self.init(
      node: node, identity: ClusterIdentity(cluster: cluster, birth: json["birth"]?.string),
      incarnation: json["incarnation"]?.string ?? "", address: address, role: role,
      leader: bare(json["leader"]), term: json["term"]?.uint64 ?? 0,
      peers: (json["peers"]?.array ?? []).compactMap(bare),
      lastHeartbeat: (json["last_heartbeat"]?.text).flatMap(Double.init)
        .flatMap { Int64(exactly: ($0 * 1000).rounded()) }.map(Timestamp.init(milliseconds:)),
      commitIndex: json["commit"]?.uint64 ?? 0,
      settledCommitIndex: json["commit_settled"]?.uint64 ?? 0,
      appliedIndex: json["applied"]?.uint64 ?? 0, lastIndex: json["last"]?.uint64 ?? 0,
      firstIndex: json["log_first"]?.uint64 ?? 0,
      logEntries: Int(json["log_entries"]?.int64 ?? 0),
      logBytes: Int(json["log_bytes"]?.int64 ?? 0), revision: json["revision"]?.uint64 ?? 0,
      hash: json["hash"]?.string.flatMap { UInt64($0, radix: 16) } ?? 0,
      alarms: (json["alarms"]?.array ?? []).compactMap(\.string),
      poisoned: json["poisoned"].flatMap(PoisonedEntry.init),
      version: json["version"]?.string ?? "")
    isInsecure = json["insecure"]?.bool ?? false
    started = json["started"]?.string.flatMap(Timestamp.init(rfc3339:))
  }
}

extension PoisonedEntry {
  /// `{"index","term","reason"}`.
  public var json: JSON {
    ["index": JSON(index), "term": JSON(term), "reason": .string(reason)]
  }

  /// The entry of such an object; `nil` if its place is missing.
  init?(json: JSON) {
    guard let index = json["index"]?.uint64, let term = json["term"]?.uint64 else { return nil }
    self.init(index: index, term: term, reason: json["reason"]?.string ?? "")
  }
}

// The store of a cluster, as a client has it.

public import PDBModel
public import PDBStore

/// A cluster that is reached over HTTP.
///
/// It finds a node, follows the leader, and sends a change again until the answer is certain or the
/// time is up; the change is made once all the same.
public struct RemoteStore: Clustered {
  /// Finds the nodes and holds the connections.
  public let client: ClusterClient
  /// How long one request may take, with all its attempts.
  public let timeout: Duration

  /// - Parameter timeout: `nil`: as the client was told.
  public init(_ client: ClusterClient, timeout: Duration? = nil) {
    self.client = client
    self.timeout = timeout ?? client.timeout
  }

  /// Making an import visible changes everything at once, which may take a while.
  private static let commitPatience = Duration.seconds(600)

  /// The cluster that the client met; asks a node if its birth is not known yet.
  public func identity() async throws(PDBError) -> ClusterIdentity {
    if let identity = client.identity, identity.birth != nil { return identity }
    return try await view().identity
  }

  // MARK: Changing

  /// Sends a change to the leader, again and elsewhere until the outcome is certain or the time is
  /// up.
  ///
  /// - Throws: `unknown_outcome` if the time was up first.
  public func apply(_ change: Change, from origin: Origin) async throws(PDBError) -> Receipt {
    var request = ClientRequest(change)
    request.origin = origin
    var patience = timeout
    if case .commitImport = change { patience = Self.commitPatience }
    let answer = try await client.send(request, within: patience)
    guard let done = Answer(answer, to: change) else {
      throw Self.bad(answer, outcome: .applied)
    }
    return Receipt(done, revision: answer.revision ?? 0)
  }

  // MARK: Reading

  private func ask(_ request: ClientRequest) async throws(PDBError) -> ClientAnswer {
    try await client.send(request, within: timeout)
  }

  /// Asks for one key: `GET /kv/KEY`.
  public func get(_ key: Bytes, at moment: Moment) async throws(PDBError) -> Read<Pair?> {
    let key = try Limits.check(key: key)
    do throws(PDBError) {
      let answer = try await ask(.get(ClientRequest.path(of: key), [], at: moment))
      guard let pair = Pair(json: answer.json) else { throw Self.bad(answer) }
      return Read(pair, revision: answer.revision ?? 0)
    } catch  where error.code == .keyNotFound {
      return Read(nil, revision: error.revision ?? 0)
    }
  }

  /// Asks for pairs: `GET /kv`. The whole list comes in one answer.
  public func pairs(_ query: PairQuery, at moment: Moment) async throws(PDBError) -> Listing<Pair> {
    let answer = try await ask(
      .get(
        "/kv",
        [
          ("prefix", query.prefix.percentEncoded), ("after", query.after?.percentEncoded),
          ("limit", query.limit.map { String($0) }),
          ("tasks", query.includesTasks ? "true" : nil),
        ], at: moment))
    return try Self.listing(answer, "pairs", Pair.init)
  }

  /// Asks for one task: `GET /tasks/REFERENCE`.
  public func task(
    _ reference: TaskReference, at moment: Moment
  ) async throws(PDBError) -> Read<VersionedTask> {
    let answer = try await ask(.get(ClientRequest.path(of: reference), [], at: moment))
    guard let task = VersionedTask(json: answer.json) else { throw Self.bad(answer) }
    return Read(task, revision: answer.revision ?? 0)
  }

  /// Asks for tasks: `GET /tasks`. The whole list comes in one answer.
  public func tasks(
    _ query: TaskQuery, at moment: Moment
  ) async throws(PDBError) -> Listing<VersionedTask> {
    let filter = query.filter
    let answer = try await ask(
      .get(
        "/tasks",
        [
          ("status", query.isCompleted.map { $0 ? "completed" : "active" }),
          ("q", query.words.isEmpty ? nil : query.words.percentEncoded),
          ("tag", filter.tags.isEmpty ? nil : filter.tags.joined(separator: ",").percentEncoded),
          ("project", filter.project?.percentEncoded), ("priority", filter.priority?.rawValue),
          ("due", filter.due?.description.percentEncoded),
          ("after", query.after?.text.percentEncoded), ("limit", query.limit.map { String($0) }),
        ], at: moment))
    return try Self.listing(answer, "tasks", VersionedTask.init)
  }

  /// Asks for one revision: `GET /log/NUMBER`.
  public func revision(
    _ number: UInt64, at moment: Moment
  ) async throws(PDBError) -> Read<Revision> {
    let answer = try await ask(.get("/log/\(number)", [], at: moment))
    guard let revision = Revision(json: answer.json) else { throw Self.bad(answer) }
    return Read(revision, revision: answer.revision ?? number)
  }

  /// Asks for a page of the history: `GET /log`.
  public func history(
    _ query: HistoryQuery, at moment: Moment
  ) async throws(PDBError) -> HistoryPage {
    let answer = try await ask(
      .get(
        "/log",
        query.filter.parameters + query.filter.times + [
          ("before", query.before.map { String($0) }), ("limit", String(query.limit)),
        ], at: moment))
    guard let page = HistoryPage(json: answer.json) else { throw Self.bad(answer) }
    return page
  }

  /// Asks for what two states differ in: `GET /diff`. The whole list comes in one answer.
  public func differences(
    _ query: DifferenceQuery, at moment: Moment
  ) async throws(PDBError) -> Differences {
    let answer = try await ask(
      .get(
        "/diff",
        [
          ("from", query.from.description.percentEncoded),
          ("to", query.to.description.percentEncoded),
          ("prefix", query.prefix.isEmpty ? nil : query.prefix.percentEncoded),
        ], at: moment))
    guard let from = answer.json["from"]?.uint64 else { throw Self.bad(answer) }
    let changes = try Self.listing(answer, "changes", Revision.KeyChange.init)
    return Differences(from: from, to: changes.revision, changes: changes)
  }

  /// Asks for the tags: `GET /tags`.
  public func tags(at moment: Moment) async throws(PDBError) -> Read<[Tag]> {
    let answer = try await ask(.get("/tags", [], at: moment))
    let tags = try Self.listing(answer, "tags", Tag.init)
    return Read(tags.whole ?? [], revision: tags.revision)
  }

  /// Asks how far an import came: `GET /import/ID`.
  public func stagedParts(
    of importID: String, at moment: Moment
  ) async throws(PDBError) -> Int {
    let answer = try await ask(.get("/import/\(importID.percentEncoded)", [], at: moment))
    guard let parts = answer.json["parts"]?.int64 else { throw Self.bad(answer) }
    return Int(parts)
  }

  /// Asks for the settings: `GET /cluster/settings`.
  public func settings(at moment: Moment) async throws(PDBError) -> Read<Settings> {
    let answer = try await ask(.get("/cluster/settings", [], at: moment))
    guard let settings = Settings(json: answer.json) else { throw Self.bad(answer) }
    return Read(settings, revision: answer.revision ?? 0)
  }

  // MARK: Streams

  /// Listens to `GET /events`. When a node falls silent the stream goes on with another one,
  /// without a gap and without a repetition.
  public func changes(
    since revision: UInt64?, _ filter: HistoryFilter, at moment: Moment
  ) async throws(PDBError) -> ChangeStream {
    let known = revision == nil ? try await newestRevision(at: moment) : nil
    let start = revision ?? known ?? 0
    let source = RemoteChanges(client, timeout: timeout, since: start, filter)
    // What is wrong with the question is said now, not with the first event.
    try await source.begin()
    return ChangeStream(after: start, RemoteSource(stream: source))
  }

  private func newestRevision(at moment: Moment) async throws(PDBError) -> UInt64 {
    try await history(HistoryQuery(limit: 0), at: moment).revision
  }

  /// Downloads all pairs, line by line: `GET /export`.
  ///
  /// - Throws: also while the list is read, if the download breaks off.
  public func export(prefix: Bytes, at moment: Moment) async throws(PDBError) -> Listing<Pair> {
    let request = ClientRequest.get(
      "/export", [("prefix", prefix.isEmpty ? nil : prefix.percentEncoded)], at: moment)
    let download = Download(client, timeout: timeout, request.path)
    let revision = try await download.begin()
    return Listing(revision: revision, first: [], rest: RemotePairs(download: download))
  }

  /// Downloads the whole state: `GET /backup`.
  ///
  /// - Throws: also while the bytes are read, if the download breaks off.
  public func backup(at moment: Moment) async throws(PDBError) -> ByteStream {
    let download = Download(
      client, timeout: timeout, ClientRequest.get("/backup", [], at: moment).path)
    let revision = try await download.begin()
    return ByteStream(revision: revision, first: [], rest: RemoteSource(stream: download))
  }

  // MARK: The cluster

  /// Asks for the cluster as one node knows it: `GET /cluster/status`.
  public func view() async throws(PDBError) -> ClusterView {
    let answer = try await ask(.get("/cluster/status", []))
    guard let view = ClusterView(json: answer.json) else { throw Self.bad(answer) }
    return view
  }

  /// Adds a member: `POST /cluster/members`.
  public func add(_ address: NodeAddress) async throws(PDBError) -> ClusterMember {
    let answer = try await ask(
      ClientRequest(.post, "/cluster/members", body: ["address": .string(address.description)]))
    guard let member = ClusterMember(json: answer.json) else {
      throw Self.bad(answer, outcome: .applied)
    }
    return member
  }

  /// Asks for an invitation for a node of another machine: `POST /cluster/invitations`.
  ///
  /// - Parameter seconds: how long it is good for; `nil`: an hour.
  /// - Returns: the invitation, and the whole answer.
  public func invite(
    seconds: Int?
  ) async throws(PDBError) -> (invitation: String, json: JSON) {
    let answer = try await ask(
      ClientRequest(
        .post, "/cluster/invitations", body: seconds.map { ["seconds": JSON($0)] } ?? [:]))
    guard let invitation = answer.json["invitation"]?.string else {
      throw Self.bad(answer, outcome: .applied)
    }
    return (invitation, answer.json)
  }

  /// Asks for the certificate of the cluster's key: `GET /cluster/certificate`.
  public func certificate() async throws(PDBError) -> ClusterCertificate {
    let answer = try await ask(.get("/cluster/certificate", []))
    guard let key = answer.json["key"]?.string.flatMap({ try? KeyHash(parsing: $0) }),
      let pem = answer.json["certificate"]?.string
    else { throw Self.bad(answer) }
    return ClusterCertificate(key: key, pem: pem)
  }

  /// Lets an invited node in: `POST /cluster/admissions`.
  ///
  /// - Returns: the id of the new member, and the cluster's secret.
  package func admit(
    _ address: NodeAddress, by invitation: String
  ) async throws(PDBError) -> (id: String, secret: String) {
    let answer = try await ask(
      ClientRequest(
        .post, "/cluster/admissions",
        body: ["invitation": .string(invitation), "address": .string(address.description)]))
    guard let id = answer.json["id"]?.string, let secret = answer.json["secret"]?.string else {
      throw Self.bad(answer, outcome: .applied)
    }
    return (id, secret)
  }

  /// Removes a member: `DELETE /cluster/members/MEMBER`.
  public func remove(_ member: String, force: Bool) async throws(PDBError) -> ClusterMember {
    let answer = try await ask(
      ClientRequest(
        .delete, "/cluster/members/\(member.percentEncoded)" + (force ? "?force=true" : "")))
    guard let member = ClusterMember(json: answer.json) else {
      throw Self.bad(answer, outcome: .applied)
    }
    return member
  }

  /// Hands leadership over: `POST /cluster/transfer`.
  public func transferLeadership(to member: String?) async throws(PDBError) -> String? {
    let answer = try await ask(
      ClientRequest(
        .post, "/cluster/transfer", body: member.map { ["to": .string($0)] } ?? [:]))
    return answer.json["leader"]?.string.map(NodeAddress.address)
  }

  /// Skips a committed entry that cannot be applied: `POST /cluster/skip`.
  public func skip(_ index: UInt64, from origin: Origin) async throws(PDBError) -> Receipt {
    var request = ClientRequest(.post, "/cluster/skip", body: ["index": JSON(index)])
    request.origin = origin
    let answer = try await client.send(request, within: timeout)
    return Receipt(.changed(1), revision: answer.revision ?? 0)
  }

  // MARK: Answers

  static func bad(_ answer: ClientAnswer, outcome: PDBError.Outcome = .notApplied) -> PDBError {
    PDBError(
      .badAnswer, "'\(answer.node)' answered with something else than was asked for",
      outcome: outcome)
  }

  private static func listing<Item>(
    _ answer: ClientAnswer, _ name: String, _ read: (JSON) -> Item?
  ) throws(PDBError) -> Listing<Item> {
    guard let items = answer.json[name]?.array else { throw bad(answer) }
    return Listing(
      revision: answer.json["revision"]?.uint64 ?? answer.revision ?? 0,
      first: try items.map { item throws(PDBError) in
        guard let item = read(item) else { throw bad(answer) }
        return item
      })
  }
}

extension PDBError {
  /// The revision that the state had when the error was told, if that is known.
  fileprivate var revision: UInt64? { details.first { $0.name == "revision" }?.value.uint64 }
}

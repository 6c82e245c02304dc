// Who is heard as a peer, and to whom secrets are told.

import Foundation
import Logging
import NIOCore
import Raft
import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBServer
@testable import PDBStorage
@testable import PDBStore

@Suite struct TrustTests {
  private static let secret = ClusterSecret("the_secret_of_this_test")
  private static let token = "the-token-of-this-test"

  /// A node in this process, alone in its cluster.
  private struct Running: Sendable {
    let address: NodeAddress
    let node: PDBNode

    var status: NodeStatus { (node.store as! ClusterStore).nodeStatus }
  }

  private static func withNode(
    token: String? = nil, _ body: @escaping @Sendable (Running) async throws -> Void
  ) async throws {
    let directory = try TemporaryDirectory()
    let listener = try await Relay(to: NodeAddress(host: "127.0.0.1", port: 1))
    let address = listener.address
    try await listener.close()
    var configuration = NodeConfiguration(
      address: address, dataDirectory: directory.path + "/data")
    (configuration.clusterSecret, configuration.token) = (secret.text, token)
    let (listening, isListening) = AsyncStream.makeStream(of: Void.self)
    let node = try await PDBNode(
      configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) { isListening.yield() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await node.run() }
      for await _ in listening { break }
      while try await node.store.view().identity.birth == nil {
        try await Task.sleep(for: .milliseconds(5))
      }
      try await body(Running(address: address, node: node))
      group.cancelAll()
      // That it was cancelled is no failure.
      while let end = await group.nextResult() { _ = end }
    }
  }

  /// Somebody who takes part in the handshake.
  private struct Peer: SilentReceiver {
    let identity: Identity
    let trust: PeerTrust

    init(of cluster: String, _ secret: ClusterSecret) throws {
      identity = Identity(
        cluster: cluster, node: .random(in: 1 ... .max),
        address: NodeAddress(host: "127.0.0.1", port: 1))
      trust = try PeerTrust(secret)
    }

    func beginReceiving(_ mark: StateMark) throws -> StateStaging { throw CancellationError() }
  }

  /// - Parameter cluster: where the peer comes from; `nil`: the node's.
  private static func dialer(
    to running: Running, by way: NodeAddress? = nil, _ secret: ClusterSecret,
    cluster: String? = nil
  ) throws -> PeerDialer {
    let status = running.status
    let member = Member(
      id: try #require(NodeID(text: status.node)), address: (way ?? running.address).description,
      rank: 1, role: .voter)
    return PeerDialer(
      member: member, receiver: try Peer(of: cluster ?? status.identity.cluster, secret))
  }

  /// While other tests have the processor, nobody answers in time: then again.
  private static func patiently<T>(_ body: () async throws -> T) async throws -> T {
    while true {
      do { return try await body() } catch let failure as PeerDialer.Failure
        where failure.isOrdinary
      {} catch let error as PDBError where error.code == .unreachable {}
      try Task.checkCancellation()
    }
  }

  // MARK: Peers

  @Test func `a peer that knows the secret is welcomed, and no other`() async throws {
    try await Self.withNode { running in
      let good = try await Self.patiently {
        try await Self.dialer(to: running, Self.secret).connect(for: .messages)
      }
      try await good.channel.close()
      await #expect {
        try await Self.patiently {
          try await Self.dialer(to: running, ClusterSecret("another_secret___"))
            .connect(for: .messages)
        }
      } throws: {
        ($0 as? PeerDialer.Failure)?.refusal == .secret
      }
    }
  }

  @Test func `a peer of another cluster is refused`() async throws {
    try await Self.withNode { running in
      let dialer = try Self.dialer(to: running, Self.secret, cluster: "another")
      await #expect {
        try await Self.patiently { try await dialer.connect(for: .messages) }
      } throws: {
        ($0 as? PeerDialer.Failure)?.refusal == .cluster
      }
    }
  }

  @Test func `a node that only says that it knows the secret is not believed`() async throws {
    try await Self.withNode { running in
      // Its certificate is of another key. Its proof is never asked for.
      let dialer = try Self.dialer(to: running, ClusterSecret("the_right_secret_"))
      await #expect(throws: PeerDialer.Failure.self) {
        try await Self.patiently { try await dialer.connect(for: .fetch) }
      }
    }
  }

  @Test func `what a relay changes is not heard`() async throws {
    try await Self.withNode { running in
      let relay = try await Relay(to: running.address)
      let dialer = try Self.dialer(to: running, by: relay.address, Self.secret)
      let connection = try await Self.patiently { try await dialer.connect(for: .messages) }
      let term = running.status.term
      relay.begin { bytes in
        let last = bytes.writerIndex - 1
        bytes.setInteger(bytes.getInteger(at: last, as: UInt8.self)! ^ 1, at: last)
      }
      let vote = RequestVote(
        term: term + 100, lastLogIndex: 1000, lastLogTerm: term + 99, isTransfer: true)
      connection.channel.writeAndFlush(ByteBuffer(.message(.requestVote(vote))), promise: nil)
      try await connection.channel.closeFuture.get()
      #expect(running.status.term == term && running.status.isLeader)
      try await relay.close()
    }
  }

  @Test func `a proof is good for one certificate, one side and one connection`() throws {
    let trust = try PeerTrust(Self.secret)
    let (here, elsewhere) = (trust.handshake(boundTo: [1]), trust.handshake(boundTo: [2]))
    let hello = Frame.Hello(
      version: 2, cluster: "c", from: 1, to: 2, incarnation: 3, purpose: .messages, nonce: [4])
    let proof = here.proof(.connect, hello, nonce: [5], incarnation: 6)
    #expect(here.accepts(proof, .connect, hello, nonce: [5], incarnation: 6))
    #expect(!elsewhere.accepts(proof, .connect, hello, nonce: [5], incarnation: 6))
    #expect(!here.accepts(proof, .accept, hello, nonce: [5], incarnation: 6))
    #expect(!here.accepts(proof, .connect, hello, nonce: [7], incarnation: 6))
    #expect(!here.accepts([], .connect, hello, nonce: [5], incarnation: 6))
  }

  // MARK: Keys

  @Test func `a cluster has one key, whichever node makes it`() throws {
    let (key, same) = (ClusterKey(Self.secret), ClusterKey(ClusterSecret(Self.secret.text)))
    #expect(key.hash == same.hash && key.hash != ClusterKey(.random()).hash)
    let read = try KeyHash(parsing: key.hash.description)
    #expect(read == key.hash)
    #expect(throws: PDBError.self) { try KeyHash(parsing: "SHA256:AAAA") }
  }

  @Test func `in TLS a node of another key is not asked`() async throws {
    try await Self.withNode { running in
      var security = TransportSecurity()
      (security.use, security.key) = (.always, ClusterKey(Self.secret).hash)
      let status = try await Self.status(of: running.address, over: security)
      #expect(status.isLeader)
      security.key = ClusterKey(.random()).hash
      await #expect {
        _ = try await Self.status(of: running.address, over: security)
      } throws: {
        ($0 as? PDBError)?.code == .untrusted
      }
      security.key = nil
      await #expect {
        _ = try await Self.status(of: running.address, over: security)
      } throws: { error in
        // The message says which key it would have to be.
        let error = error as? PDBError
        return error?.code == .untrusted
          && error?.message.contains(ClusterKey(Self.secret).hash.description) == true
      }
    }
  }

  private static func status(
    of address: NodeAddress, over security: TransportSecurity = TransportSecurity(),
    token: String? = nil
  ) async throws -> NodeStatus {
    let client = ClusterClient(
      addresses: [address], over: security, timeout: .seconds(10), token: token)
    let result: Result<NodeStatus, any Error>
    do {
      result = .success(
        try await patiently {
          try await RemoteNode(address, client, within: .seconds(10)).status()
        })
    } catch { result = .failure(error) }
    await client.shutdown()
    return try result.get()
  }

  // MARK: Tokens

  @Test func `a token goes to a node that proves that it knows it`() async throws {
    try await Self.withNode(token: Self.token) { running in
      let status = try await Self.status(of: running.address, token: Self.token)
      #expect(status.isLeader)
    }
  }

  @Test func `a token does not go to who has a node prove it for him`() async throws {
    try await Self.withNode(token: Self.token) { running in
      let relay = try await Relay(to: running.address)
      await #expect {
        _ = try await Self.status(of: relay.address, token: Self.token)
      } throws: {
        ($0 as? PDBError)?.code == .unauthorized
      }
      #expect(relay.saw("GET /livez") && !relay.saw(Self.token))
      try await relay.close()
    }
  }

  @Test func `a token does not go to a node that has none`() async throws {
    try await Self.withNode { running in
      await #expect {
        _ = try await Self.status(of: running.address, token: Self.token)
      } throws: {
        ($0 as? PDBError)?.code == .untrusted
      }
    }
  }

  // MARK: Invitations

  @Test func `an invitation is good for its cluster, until it expires`() throws {
    let address = NodeAddress(host: "10.0.0.1", port: 4000)
    let expiry = Timestamp(milliseconds: 1000)
    let invitation = Invitation(to: "c", at: [address], secret: Self.secret, until: expiry)
    let read = try Invitation(parsing: invitation.text)
    #expect(read.cluster == "c" && read.addresses == [address])
    #expect(read.member == invitation.member && read.key == ClusterKey(Self.secret).hash)
    try read.check(Self.secret, now: Timestamp(milliseconds: 999))
    #expect(throws: PDBError.self) { try read.check(Self.secret, now: expiry) }
    #expect(throws: PDBError.self) {
      try read.check(.random(), now: Timestamp(milliseconds: 999))
    }
    for length in 0..<invitation.text.count {
      #expect(throws: PDBError.self) {
        try Invitation(parsing: String(invitation.text.prefix(length)))
      }
    }
  }
}

// What a node is told when it starts, and whether that makes sense.

import PDBCoordinator
public import PDBModel
package import PDBStorage
import Raft

/// What a node is told when it starts.
public struct NodeConfiguration: Sendable {
  /// Where the node listens.
  public var address: NodeAddress
  /// The folder of its files; several nodes may share one.
  public var dataDirectory: String
  /// The first members of a new cluster, this node among them. `nil`: what the files say, or
  /// a cluster of one.
  public var cluster: [NodeAddress]?
  /// Where other nodes and clients reach this one, if not where it listens.
  public var advertised: NodeAddress?
  /// A member of the cluster that a node without data shall join.
  public var join: NodeAddress?
  /// What a member gave a node without data to join by, from another machine.
  public var invitation: Invitation?
  /// When set, every client must know it; otherwise every client that reaches the node is served.
  public var token: String?
  /// What the nodes of the cluster prove to each other that they know; the same for all of them.
  /// `nil`: what the files say, and for a new cluster a secret that is made for it.
  public var clusterSecret: String?
  /// The folder in which nodes of one user on one machine find the secret by which they meet; `nil`:
  /// there is none.
  public var stateFolder: String?
  /// Serve clients on other machines without TLS, and without a token if there is none.
  public var isInsecure = false
  /// The files of a certificate, with its chain, and of its key, in PEM, that clients are shown in the
  /// place of one that the cluster's key has signed. They are read again when they change.
  public var tlsCertificate: (certificate: String, key: String)?
  /// A file with the certificates, in PEM, of the authorities that signed such certificates of other
  /// nodes; `nil`: the system's.
  public var tlsAuthorities: String?
  /// The time between two heartbeats of a leader, in milliseconds; at least 10.
  public var heartbeatMilliseconds = 60
  /// How long a leader may be silent before an election, in milliseconds; at least three
  /// heartbeats.
  public var electionMilliseconds = 600
  /// How many entries the log holds before it is compacted; at least 100.
  public var logEntries = Limits.logEntries
  /// What the command line was told beside port, folder and members: a neighbour that is started
  /// again needs the same. Paths are absolute.
  public var sharedOptions: [String] = []

  /// What is broken in the node, where a lab has started it.
  package var faults: NodeFaults?

  /// A node that goes on with the files in its folder or, without files, is a cluster of one.
  ///
  /// - Parameters:
  ///   - address: where the node listens.
  ///   - dataDirectory: the folder of its files; made if it does not exist.
  public init(address: NodeAddress, dataDirectory: String) {
    self.address = address
    self.dataDirectory = dataDirectory
  }
}

extension NodeConfiguration {
  /// Whether clients on other machines are served without TLS.
  package var servesInsecurely: Bool { isInsecure && !address.isLoopback }

  /// Where others reach the node.
  package var reachableAddress: NodeAddress { advertised ?? address }

  /// - Throws: `bad_configuration` if the parts contradict each other or would be unsafe.
  package func check() throws {
    guard heartbeatMilliseconds >= Tick.milliseconds,
      electionMilliseconds >= 3 * heartbeatMilliseconds
    else {
      throw PDBError(
        .badConfiguration,
        "a heartbeat takes at least \(Tick.milliseconds) ms, "
          + "and the election timeout at least three heartbeats")
    }
    guard logEntries >= 100 else {
      throw PDBError(.badConfiguration, "the log must hold at least 100 entries")
    }
    guard cluster == nil || (join == nil && invitation == nil) else {
      throw PDBError(
        .badConfiguration, "a node is either one of the first (--cluster) or joins (--join)")
    }
    if join == reachableAddress {
      throw PDBError(
        .badConfiguration, "a node cannot join itself",
        hint: "give --join the address of a node of the cluster")
    }
    if let cluster {
      guard Set(cluster).count == cluster.count else {
        throw PDBError(.badConfiguration, "the cluster's list names a node twice")
      }
      guard cluster.contains(reachableAddress) else {
        throw PDBError(
          .badConfiguration, "the cluster's list lacks this node, '\(reachableAddress)'",
          hint: "give every first member the same list, itself included")
      }
    }
    guard clusterSecret.map(SecretFile.isSecret) ?? true else {
      throw PDBError(
        .badConfiguration, "the cluster secret must be 16 or more visible ASCII characters")
    }
    try checkExposure()
  }

  private func checkExposure() throws {
    guard address.isLoopback || isInsecure || token != nil else {
      throw PDBError(
        .badConfiguration,
        "'\(address)' can be reached from other machines, "
          + "and there anybody could read and change the data",
        hint: "give it --token-file; --insecure does without the token")
    }
    guard address.host != "0.0.0.0" && address.host != "::" || advertised != nil else {
      throw PDBError(
        .badConfiguration, "'\(address)' is everywhere; others need one address to reach it",
        hint: "--advertise HOST:PORT tells them")
    }
  }

  /// - Throws: `wrong_cluster` if the node's files say otherwise.
  package func check(_ contents: LogContents) throws {
    let addresses = contents.membership.members.map(\.address)
    // The list that the cluster began with stays right, whichever members came and went since:
    // start scripts need not change.
    if let cluster, Membership.clusterID(cluster) != contents.identity.cluster,
      Set(cluster.map(\.description)) != Set(addresses)
    {
      throw PDBError(
        .wrongCluster,
        "the files of node \(address.port) belong to the cluster \(addresses.joined(separator: ","))",
        hint: "leave --cluster out to continue it, or choose another --data-dir")
    }
    guard contents.address == reachableAddress || contents.isAlone else {
      throw PDBError(
        .wrongCluster,
        "the files of node \(address.port) belong to '\(contents.address)'",
        hint: "start it with that address, or choose another --data-dir")
    }
  }
}

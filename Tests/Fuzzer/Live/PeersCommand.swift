// `pdb-fuzz live-peers`: frames for a node that runs.

#if !LIBFUZZER
  import ArgumentParser
  import Foundation
  import Fuzzing
  import PDBCluster
  import PDBModel
  import PDBStorage
  import Raft

  struct PeersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "live-peers", abstract: "Sends frames to a node that runs, as peers that lie.",
      discussion: """
        None of them makes the node end itself for its members' sake: nothing that is committed is \
        contradicted.
        """)

    @OptionGroup var options: LiveOptions
    @Option(help: "The file with the cluster's secret: node_PORT.secret beside the node's data.")
    var secretFile: String
    @Option(help: "The id of a member that is not there: the peers say that they are it.")
    var member: String?
    @Option(help: "How many frames are sent.") var count = 10_000_000
    @Option(help: "How long the script of one connection is, in bytes.") var scriptBytes = 64 << 10

    func run() throws {
      let secret = ClusterSecret(try SecretFile.read(secretFile, "cluster secret"))
      let node = try options.node
      var dice = SplitMix64(seed: options.seed)
      var progress = Progress(of: count, "frames")
      while progress.done < count {
        var view = try node.view()
        view.peers = member.flatMap { NodeID($0, radix: 16) }.map { [$0] } ?? []
        for _ in 0..<100 where progress.done < count {
          var script = dice.script(bytes: scriptBytes)
          let greeting = script.greeting(to: view)
          guard let peer = try LivePeer(greeting, to: node.address, secret: secret) else {
            continue
          }
          try progress.add(Self.send(&script, over: peer.socket, view))
        }
      }
    }

    /// - Returns: how many frames were sent before the script or the connection ended.
    private static func send(
      _ script: inout ScriptBytes, over socket: SecureSocket, _ view: NodeView
    ) throws -> Int {
      var count = 0
      while !script.isAtEnd {
        var frames: Bytes = []
        for _ in 0..<16 { frames += script.frame(to: view).framed }
        count += 16
        guard try socket.send(frames), try socket.receiveNow() != nil else { break }
      }
      return count
    }
  }
#endif

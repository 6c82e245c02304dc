// `pdb-fuzz live-http`: requests for a node that runs.

#if !LIBFUZZER
  import ArgumentParser
  import Fuzzing
  import PDBModel
  import PDBServer
  import Raft

  struct HTTPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "live-http", abstract: "Sends requests to a node that runs, in any pieces.")

    @OptionGroup var options: LiveOptions
    @Option(help: "How many connections are made.") var count = 1_000_000

    /// The node is to stay what it is: those that stop it or change its cluster are left out.
    private static let routes = ChannelServer.routes.filter { route in
      route.path != "/node/stop" && (route.method == "GET" || !route.path.hasPrefix("/cluster/"))
    }

    func run() throws {
      let node = try options.node
      var dice = SplitMix64(seed: options.seed)
      var progress = Progress(of: count, "connections")
      while progress.done < count {
        try node.probe()
        for _ in 0..<1000 where progress.done < count {
          var script = dice.script(bytes: 256)
          try Self.talk(&script, to: node.address)
          progress.add(1)
        }
      }
    }

    /// Sends requests, reading what comes, and leaves.
    private static func talk(_ script: inout ScriptBytes, to address: NodeAddress) throws {
      let socket = try Socket(address)
      while !script.isAtEnd {
        var bytes = script.requestDraft(to: "\(address)", routes).bytes
        while !bytes.isEmpty {
          let count = script.isRare() ? 1 + script.below(200) : bytes.count
          guard try socket.send(Bytes(bytes.prefix(count))), try socket.receiveNow() != nil else {
            return
          }
          bytes.removeFirst(min(count, bytes.count))
        }
      }
      if script.isRare() { socket.endSending() }
    }
  }
#endif

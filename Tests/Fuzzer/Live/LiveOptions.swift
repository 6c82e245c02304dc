// What the commands that fuzz a running node have in common.

#if !LIBFUZZER
  import ArgumentParser
  import Fuzzing
  import PDBModel
  import Raft

  struct LiveOptions: ParsableArguments {
    @Option(name: .customLong("node"), help: "The node's address, on this machine.") var address:
      String
    @Option(help: "Decides what is sent.") var seed: UInt64 = 1

    var node: LiveNode {
      get throws { LiveNode(address: try NodeAddress(parsing: address)) }
    }
  }

  extension SplitMix64 {
    /// A script of random bytes.
    mutating func script(bytes count: Int) -> ScriptBytes {
      ScriptBytes((0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 32) })
    }
  }

  /// How far a run has come.
  struct Progress {
    private(set) var done = 0
    private let total: Int
    private let unit: String
    private let start = ContinuousClock.now
    private var lastReport = 0

    init(of total: Int, _ unit: String) { (self.total, self.unit) = (total, unit) }

    /// Says every now and then how far it is.
    mutating func add(_ count: Int) {
      done += count
      guard done >= total || done - lastReport >= total / 20 else { return }
      lastReport = done
      print("\(done) \(unit) in \(start.duration(to: .now)); the node lives")
    }
  }
#endif

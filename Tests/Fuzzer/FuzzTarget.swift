// What can be fuzzed.

import Dispatch
import Fuzzing
import PDBModel

/// What an input is a script of.
enum FuzzTarget: String, CaseIterable {
  case peers, http

  /// The one that the command line names, as `--peers`: libFuzzer leaves such words alone.
  static let current =
    CommandLine.arguments.compactMap { FuzzTarget(rawValue: String($0.dropFirst(2))) }.first
    ?? .peers

  func run(_ input: Bytes) async throws {
    switch self {
    case .peers: try await PeerScript.run(input)
    case .http: try await HTTPScript.run(input)
    }
  }

  /// - Precondition: nothing happens that must not.
  func runBlocking(_ input: Bytes) {
    let isDone = DispatchSemaphore(value: 0)
    Task {
      do { try await run(input) } catch { fatalError("\(error)") }
      isDone.signal()
    }
    isDone.wait()
  }
}

// What a run is asked to do.

import Foundation

/// The options of a run.
struct Settings: Sendable {
  var program: String
  var seconds: Int
  var nodeCount: Int
  var seed: UInt64
  var kinds: [FaultKind]
  var sabotage: Sabotage?
  var keepsFiles: Bool
  var isVerbose: Bool
  var diskMegabytes: Int
  /// How many changes a log keeps: few, so that whole states are sent often.
  var logEntries: Int
  /// More words for every `pdb node start`.
  var nodeArguments: [String]
  /// The etcd that keeps the data, a member beside each node; `nil`: the nodes keep them.
  var etcd: String?

  /// Where runs keep their files.
  static let directory =
    FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path + "/pdb-chaos"
}

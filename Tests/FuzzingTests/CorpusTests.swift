// The inputs that the fuzzers found, run once more.

import Foundation
import Fuzzing
import PDBModel
import Testing

@Suite(.timeLimit(.minutes(10))) struct CorpusTests {
  private static let folder =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Corpus")

  /// Every input for a target, and those that once broke something.
  private static func inputs(_ target: String) throws -> [Bytes] {
    let files = try [target, "findings/\(target)"].flatMap { name in
      try FileManager.default.contentsOfDirectory(
        at: folder.appending(path: name), includingPropertiesForKeys: nil)
    }
    return try files.sorted { $0.path < $1.path }.map { Bytes(try Data(contentsOf: $0)) }
  }

  @Test func `nothing that peers send brings about what must not be`() async throws {
    let inputs = try Self.inputs("peers")
    #expect(!inputs.isEmpty)
    for input in inputs { try await PeerScript.run(input) }
  }

  @Test func `nothing that clients send brings about what must not be`() async throws {
    let inputs = try Self.inputs("http")
    #expect(!inputs.isEmpty)
    for input in inputs { try await HTTPScript.run(input) }
  }
}

// A service that counts: several workers add to one number, and none of their steps is lost or counted
// twice, whichever node dies meanwhile.
//
//   pdb lab up &
//   swift run example-counter 127.0.0.1:4000

import PDBClient
import PDBModel
import PDBStore

@main
struct Counter {
  static let workers = 4
  static let steps = 25

  static func main() async throws {
    let nodes = Array(CommandLine.arguments.dropFirst())
    try await PDB.connect(to: nodes.isEmpty ? ["127.0.0.1:4000"] : nodes, author: "counter") { db in
      let before = try await db.get("counter", as: Int64.self) ?? 0
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<workers {
          group.addTask {
            for _ in 0..<steps { try await db.increment("counter") }
          }
        }
        try await group.waitForAll()
      }
      let after = try await db.get("counter", as: Int64.self) ?? 0
      print("counted from \(before) to \(after)")
    }
  }
}

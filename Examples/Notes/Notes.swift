// Notes in a folder, without a server: a program that brings its database along.
//
//   swift run example-notes ~/diary "Buy milk"
//   swift run example-notes ~/diary
//
// 'pdb log' in that folder shows the history of the same notes; 'pdb node start' there shares them.

import Foundation
import PDBFolder
import PDBModel
import PDBStore

struct Note: Codable {
  let text: String
  let written: Date
}

@main
struct Notes {
  static func main() async throws {
    let words = CommandLine.arguments.dropFirst()
    guard let folder = words.first else {
      print("usage: example-notes FOLDER [NOTE]")
      return
    }
    try await PDB.open(folder, author: NSUserName()) { db in
      if let text = words.dropFirst().first {
        let number = try await db.increment("notes")
        try await db.set("note:\(number)", to: Note(text: text, written: Date()), if: .absent)
      }
      for try await note in try await db.entries(prefix: "note:", as: Note.self) {
        print("\(note.key.dropFirst(5))  \(note.value.text)")
      }
    }
  }
}

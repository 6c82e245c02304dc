// `pdb verify`

import ArgumentParser
import PDBKit

struct VerifyCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read all data of a folder or an etcd, and see whether they are sound.",
    discussion: """
      Every frame of the log, every row and every page of the state has a checksum. Commands verify what they \
      read; this reads everything. Exits with 74 when something was altered. Nodes that run are left out: \
      they verify their files themselves. In an etcd the values are compared with the sum of their checksums: \
      what another program wrote, altered or removed is found.
      """)

  static let examples = [
    Example("pdb verify", "Verify the data that commands would use here:"),
    Example("pdb verify --dir ~/notes", "Verify those of another folder:"),
    Example(
      "pdb verify --db etcd://10.0.0.1:2379/pdb/main", "See whether others wrote in an etcd:"),
  ]

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      if let etcd = session.connection.etcd { return try await verify(etcd, session) }
      guard let folder = session.connection.place.folder else {
        throw PDBError(
          .notSupported, "'\(session.connection.place.name)' is neither a folder nor an etcd",
          hint: "name the folder of the data:  pdb verify --dir FOLDER")
      }
      let found = folder.verify()
      try session.show(
        ["path": .string(folder.path), "nodes": .array(found.map(\.json))]
      ) {
        for node in found {
          if Console.isTerminal(.output) {
            Console.write("node \(node.node)  \(TerminalText(message: node.verdict))")
          } else {
            Console.write(row: ["node \(node.node)", node.verdict])
          }
        }
      }
      for case .damaged(let error) in found.map(\.finding) { throw error }
    }
  }

  private func verify(_ etcd: EtcdStore, _ session: Session) async throws {
    let revision = try await etcd.verify()
    let node: JSON = [
      "node": 0, "state": "sound", "revision": JSON(revision), "message": .null,
    ]
    try session.show(["path": .string(etcd.address.description), "nodes": [node]]) {
      let verdict = "sound, at revision \(revision)"
      if Console.isTerminal(.output) {
        Console.write("\(etcd.address)  \(TerminalText(message: verdict))")
      } else {
        Console.write(row: [etcd.address.description, verdict])
      }
    }
  }
}

extension DataFolder.Verification {
  fileprivate var json: JSON {
    let state: (String, UInt64?, PDBError?) =
      switch finding {
      case .sound(let revision): ("sound", revision, nil)
      case .running: ("running", nil, nil)
      case .damaged(let error): ("damaged", nil, error)
      }
    return [
      "node": JSON(UInt64(node)), "state": .string(state.0),
      "revision": state.1.map { JSON($0) } ?? .null,
      "message": JSON(state.2?.message),
    ]
  }

  fileprivate var verdict: String {
    switch finding {
    case .sound(let revision): "sound, at revision \(revision)"
    case .running: "runs, and verifies its files itself"
    case .damaged(let error): "DAMAGED: \(error.message)"
    }
  }
}

// What `--json` prints, command by command, held against its schema and against the files in
// Tests/Golden. What differs from run to run stands there as <name>.
//
// PDB_WRITE_GOLDEN=1 writes the files anew. A difference that takes something away breaks programs.

import Foundation
import PDBKit
import Testing

@testable import pdb

extension ProcessTests {
  @Suite struct GoldenTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Golden")

    /// Lines that a user could type, in an order in which each has something to show; NODE is the address
    /// of the one node, SPARE one where none is yet.
    private static let lines = [
      "task add a --node NODE", "task ls --node NODE", "task show 1 --node NODE",
      "task edit 1 x --node NODE", "task done 1 --node NODE", "task reopen 1 --node NODE",
      "task rm 1 --node NODE", "task clear --node NODE", "kv set k 1 --node NODE",
      "kv get k --node NODE", "txn -f steps --node NODE", "kv touch k --persist --node NODE",
      "kv ttl k --node NODE", "kv edit k --node NODE", "wait --leader --node NODE",
      "kv incr k --node NODE", "kv append l 1 --node NODE",
      "kv ls k --node NODE", "kv rm k l none --yes --node NODE",
      "kv watch --since 0 --limit 1 --node NODE", "log --node NODE", "show 1 --node NODE",
      "undo --node NODE", "redo --node NODE", "tag v1 --node NODE", "diff 8 k --node NODE",
      "revert --to 8 k --node NODE", "blame k --node NODE",
      "bisect run --good 0 --node NODE -- sh check", "export -o e --node NODE",
      "backup b --node NODE",
      "import e --existing keep --node NODE", "restore b --data-dir d", "init folder",
      "verify --dir folder", "remote add lab NODE", "remote ls", "remote rename lab home",
      "remote accept home", "use home", "status --db home", "remote rm home",
      "config set core.timeout 9", "config get core.timeout", "config list",
      "config unset core.timeout", "completion bash", "ui --print --node NODE",
      "cluster settings --node NODE", "cluster set history.keep 30d --node NODE",
      "cluster unset history.keep --node NODE", "cluster invite --node NODE",
      "cluster cert --node NODE", "cluster status --node NODE", "cluster members --node NODE",
      "cluster add SPARE --node NODE", "cluster remove SPARE --yes --node NODE",
      "cluster transfer NODE --node NODE", "node status NODE", "node stop NODE",
    ]

    @Test func `commands print what they are known to print`() async throws {
      try await TestCluster.running(1, spare: 1) { cluster in
        var seen: Set<String> = []
        try Data("test $PDB_AT -lt 3\n".utf8).write(
          to: URL(fileURLWithPath: cluster.workspace.path + "/check"))
        try Data("kv get k\ntask add x\n".utf8).write(
          to: URL(fileURLWithPath: cluster.workspace.path + "/steps"))
        for line in Self.lines {
          let words = line.split(separator: " ").map { word in
            switch word {
            case "NODE": cluster.addresses[0].description
            case "SPARE": cluster.addresses[1].description
            default: String(word)
            }
          }
          let path = CommandTree.root.find(words).command.path
          let shape = try #require(AnswerShape.all[path.joined(separator: " ")], "\(line)")
          // Behind `--` stands what another program is told.
          let end = words.firstIndex(of: "--") ?? words.endIndex
          let run = try await cluster.workspace.run(
            words[..<end] + ["--json"] + words[end...], environment: ["EDITOR": "sed -i s/1/2/"])
          #expect(run.status == 0, "\(line): \(run.error)")
          let output = try #require(run.output.split(separator: "\n").first, "\(line)")
          let json = try JSON(parsing: output.utf8)
          try check(json, shape, line)
          let name = path.joined(separator: "-")
          seen.insert(name)
          try compare(Placeholders(cluster).replacing(in: json), with: name)
        }
        // It needs an entry that cannot be applied.
        let all = Set(AnswerShape.all.keys.map { $0.replacing(" ", with: "-") })
        #expect(seen == all.subtracting(["cluster-skip"]))
        let kept = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(kept) == Set(seen.map { $0 + ".json" }))
      }
    }

    /// Holds an answer against its schema, which must tell of all that it has.
    private func check(_ json: JSON, _ shape: AnswerShape, _ line: String) throws {
      let document = shape.schema.document(title: "", about: "")
      let objection = try SchemaValidator(document: document).objection(to: json, by: document)
      #expect(objection == nil, "\(line): \(objection ?? "")")
      let known = Set(shape.schema.members.map(\.name))
      #expect(Set((json.members ?? []).map(\.name)).isSubset(of: known), "\(line): \(json.text)")
      guard let list = shape.list else { return }
      let item = try #require(json[list]?.array?.first?.members, "\(line): \(json.text)")
      let items = document["properties"]?[list]?["items"]?["properties"]?.members ?? []
      #expect(Set(item.map(\.name)).isSubset(of: Set(items.map(\.name))), "\(line): \(json.text)")
    }

    private func compare(_ json: JSON, with name: String) throws {
      let file = Self.folder.appendingPathComponent(name + ".json")
      if ProcessInfo.processInfo.environment["PDB_WRITE_GOLDEN"] != nil {
        try Data((json.indented + "\n").utf8).write(to: file)
      }
      let golden = try String(contentsOf: file, encoding: .utf8)
      #expect(golden == json.indented + "\n", "\(name)")
    }
  }
}

/// What differs from run to run, by the names that stand for it.
private struct Placeholders {
  let texts: [(text: String, name: String)]

  init(_ cluster: TestCluster) {
    texts =
      [(cluster.workspace.path, "<folder>")]
      + cluster.addresses.enumerated().map { ($1.description, "<address \($0 + 1)>") }
      + cluster.addresses.enumerated().map { (":\($1.port)", ":<port \($0 + 1)>") }
      + cluster.addresses.enumerated().map { ("--port \($1.port)", "--port <port \($0 + 1)>") }
  }

  private static let patterns = [
    ("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
    ("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "<time>"), ("term [0-9]+", "term <term>"),
    ("SHA256:[A-Za-z0-9+/]{43}", "<key>"),
  ]

  /// Members whose values say nothing here, wherever they stand.
  private static let volatile: Set<String> = [
    "applied", "author", "birth", "bytes", "certificate", "cluster", "commit", "commit_settled",
    "hash", "incarnation", "invitation", "lag", "last", "last_heartbeat", "log_bytes",
    "log_entries", "match", "node", "port", "request", "script", "silent_ms", "started", "term",
    "version",
  ]

  func replacing(in json: JSON) -> JSON {
    switch json {
    case .string(let text): .string(replacing(in: text))
    case .array(let elements): .array(elements.map { replacing(in: $0) })
    case .object(let members): .object(members.map { .init($0.name, replacing(member: $0)) })
    default: json
    }
  }

  private func replacing(member: JSON.Member) -> JSON {
    let (name, value) = (member.name, member.value)
    // Ids of nodes are numbers in hexadecimal, with as many digits as they need.
    let isHexadecimal =
      name == "id"
      && value.string.map { $0.utf8.count > 8 && $0.allSatisfy(\.isHexDigit) } == true
    guard isHexadecimal || Self.volatile.contains(name), !value.isNull else {
      return replacing(in: value)
    }
    return .string("<\(name)>")
  }

  private func replacing(in text: String) -> String {
    var text = text
    for (old, new) in texts { text = text.replacing(old, with: new) }
    for (pattern, name) in Self.patterns {
      text = text.replacingOccurrences(of: pattern, with: name, options: .regularExpression)
    }
    return text
  }
}

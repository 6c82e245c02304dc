// pdb beside etcd: the same work, the same generator, in turns.

import ArgumentParser
import Foundation

struct Versus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "etcd", abstract: "Compare with etcd, if it is installed.",
    discussion: """
      Both have three durable nodes; h2load asks the leader. They take turns, so a noisy machine \
      hurts both alike. A load with any answer but success is no measurement and ends the run.
      """)

  @OptionGroup var options: Options

  private static let clients = [1, 32, 256]

  /// One load of one system.
  private struct Case: Hashable {
    let system: String
    let work: Work
    let clients: Int
  }

  func run() async throws {
    guard Self.isInstalled("h2load") else {
      throw Failure(description: "h2load is missing: apt-get install nghttp2-client")
    }
    let hasEtcd = Self.isInstalled("etcd")
    if !hasEtcd { say("etcd is not installed (apt-get install etcd-server): pdb alone") }
    var results: [Case: [H2Load]] = [:]
    for round in 1...options.rounds {
      if hasEtcd { try await measure(Etcd.self, "etcd", round, &results) }
      try await measure(PDB.self, "pdb", round, &results)
    }
    print(table(results, hasEtcd).text, terminator: "")
  }

  private static func isInstalled(_ program: String) -> Bool {
    (try? output(of: "sh", ["-c", "command -v \(program)"])) != nil
  }

  private func measure<S: System>(
    _: S.Type, _ name: String, _ round: Int, _ results: inout [Case: [H2Load]]
  ) async throws {
    let system = try await S.start(options)
    defer { system.cluster.stop() }
    for work in Work.allCases {
      for clients in Self.clients {
        let load = try H2Load.run(try await system.load(work), clients, options.seconds)
        say("round \(round)  \(name)  \(work.rawValue)  \(clients) clients  \(load.rate.rounded)/s")
        results[Case(system: name, work: work, clients: clients), default: []].append(load)
      }
    }
  }

  private func table(_ results: [Case: [H2Load]], _ hasEtcd: Bool) -> MarkdownTable {
    var table =
      hasEtcd ? MarkdownTable("work", "etcd", "pdb", "pdb/etcd") : MarkdownTable("work", "pdb")
    for work in Work.allCases {
      for clients in Self.clients {
        func median(_ system: String) -> (rate: Double, mean: Double) {
          let loads = results[Case(system: system, work: work, clients: clients)] ?? []
          return (loads.map(\.rate).median, loads.map(\.meanMilliseconds).median)
        }
        let title = "\(work.title), \(clients) client\(clients == 1 ? "" : "s")"
        let pdb = median("pdb")
        let shown = { (result: (rate: Double, mean: Double)) in
          "\(result.rate.rounded)/s (\(result.mean.text(2)) ms)"
        }
        if hasEtcd {
          let etcd = median("etcd")
          table.add(title, shown(etcd), shown(pdb), (pdb.rate / etcd.rate).text(2))
        } else {
          table.add(title, shown(pdb))
        }
      }
    }
    return table
  }
}

/// What h2load found.
struct H2Load {
  let rate: Double
  let meanMilliseconds: Double

  /// - Throws: ``Failure`` if any request failed.
  static func run(_ arguments: [String], _ clients: Int, _ seconds: Int) throws -> H2Load {
    let text = try output(
      of: "h2load", ["-t1", "-c\(clients)", "-m1", "-D\(seconds)"] + arguments)
    let rate = text.firstMatch(of: /, ([\d.]+) req\/s/).flatMap { Double($0.1) }
    let codes = text.firstMatch(of: /status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/)
    let mean = text.firstMatch(of: /time for request:\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)/)
    guard let rate, let codes, let mean, let number = Double(mean.1), codes.1 != "0",
      [codes.2, codes.3, codes.4].allSatisfy({ $0 == "0" })
    else { throw Failure(description: "this load failed:\n\(text)") }
    let unit = mean.2 == "us" ? 0.001 : mean.2 == "ms" ? 1 : 1000
    return H2Load(rate: rate, meanMilliseconds: number * unit)
  }
}

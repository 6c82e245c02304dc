// How cost grows: with nodes, keys and the size of values; and what a cluster at rest costs.

import ArgumentParser
import Foundation

struct Growth: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "growth", abstract: "Measure pdb with more nodes, keys and bytes, and at rest.")

  @OptionGroup var options: Options

  func run() async throws {
    print(try await nodes().text)
    print(try await keys().text)
    print(try await values().text)
    print(try await rest().text, terminator: "")
  }

  // MARK: The tables

  private func nodes() async throws -> MarkdownTable {
    var table = MarkdownTable("nodes", "puts/s, 1 client", "mean", "puts/s, 32 clients", "p99")
    for count in [1, 3, 5] {
      let one = try await medians(nodes: count, ["--clients", "1"])
      let many = try await medians(nodes: count, ["--clients", "32"])
      table.add(
        "\(count)", one.rate.rounded, "\(one.mean.text(2)) ms", many.rate.rounded,
        "\(many.p99.text(1)) ms")
    }
    return table
  }

  private func keys() async throws -> MarkdownTable {
    var table = MarkdownTable(
      "keys of 128 bytes", "puts/s, 32 clients", "p99", "reads/s, 32 clients",
      "memory of a node")
    for count in [1_000, 100_000, 1_000_000] {
      let system = try await PDB.start(options)
      defer { system.cluster.stop() }
      // Reading makes sure that all of them are there.
      let read = try await bench(system, ["--op", "get", "--keys", "\(count)"])
      let memory = system.cluster.residentKilobytes.max()! / 1024
      let put = try await bench(system, ["--keys", "\(count)"])
      table.add(
        Double(count).rounded, put.rate.rounded, "\(put.p99.text(1)) ms", read.rate.rounded,
        "\(memory.rounded) MiB")
    }
    return table
  }

  private func values() async throws -> MarkdownTable {
    var table = MarkdownTable("bytes of a value", "puts/s, 32 clients", "MB/s", "p99")
    for count in [16, 128, 1 << 10, 8 << 10, 64 << 10] {
      let put = try await medians(nodes: 3, ["--value-bytes", "\(count)"])
      table.add(
        Double(count).rounded, put.rate.rounded, (put.rate * Double(count) / 1e6).text(1),
        "\(put.p99.text(1)) ms")
    }
    return table
  }

  private func rest() async throws -> MarkdownTable {
    let system = try await PDB.start(options, nodes: 4)
    defer { system.cluster.stop() }
    try await Task.sleep(for: .seconds(2))
    let before = system.cluster.processorSeconds
    let seconds = 10.0
    try await Task.sleep(for: .seconds(seconds))
    let used = zip(system.cluster.processorSeconds, before).map { 100 * ($0 - $1) / seconds }
    var table = MarkdownTable("four nodes at rest", "leader", "followers")
    let leader = system.ports.firstIndex(of: try await system.leader())!
    func row(_ title: String, _ values: [Double], _ unit: String) {
      var others = values
      let own = others.remove(at: leader)
      table.add(title, "\(own.text(1)) \(unit)", "\(others.median.text(1)) \(unit)")
    }
    row("processor", used, "%")
    row("memory", system.cluster.residentKilobytes.map { $0 / 1024 }, "MiB")
    return table
  }

  // MARK: Measuring

  private struct Figures {
    let rate: Double
    let mean: Double
    let p99: Double
  }

  /// Medians over rounds, each with a new cluster.
  private func medians(nodes: Int, _ arguments: [String]) async throws -> Figures {
    var rounds: [Figures] = []
    for _ in 0..<options.rounds {
      let system = try await PDB.start(options, nodes: nodes)
      defer { system.cluster.stop() }
      rounds.append(try await bench(system, arguments))
    }
    return Figures(
      rate: rounds.map(\.rate).median, mean: rounds.map(\.mean).median,
      p99: rounds.map(\.p99).median)
  }

  private func bench(_ system: PDB, _ arguments: [String]) async throws -> Figures {
    let address = "127.0.0.1:\(try await system.leader())"
    say("\(system.ports.count) nodes: pdb bench \(arguments.joined(separator: " "))")
    let text = try output(
      of: options.program,
      ["bench", "--node", address, "--seconds", "\(options.seconds)", "--json"] + arguments)
    let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    guard let result = (json?["results"] as? [[String: Any]])?.first,
      let rate = result["requests_per_second"] as? Double, let mean = result["mean_ms"] as? Double,
      let p99 = result["p99_ms"] as? Double
    else { throw Failure(description: "this is no result:\n\(text)") }
    return Figures(rate: rate, mean: mean, p99: p99)
  }
}

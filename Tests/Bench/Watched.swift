// What it costs a cluster that people look at it: each page listens to the consensus of every node.

import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

struct Watched: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watched", abstract: "Compare a cluster that pages watch with one that none does.",
    discussion: """
      One cluster is loaded in turns, watched and not, so a disk that slows down hurts both alike. The pages \
      are read on the same processors as the nodes run.
      """)

  @OptionGroup var options: Options

  @Option(name: .long, help: "How many pages watch every node.")
  var pages = 10

  private static let clients = 32

  func run() async throws {
    let system = try await PDB.start(options)
    defer { system.cluster.stop() }
    var table = MarkdownTable("work, \(Self.clients) clients", "alone", "\(pages) pages", "ratio")
    for work in Work.allCases {
      let load = try await system.load(work)
      _ = try H2Load.run(load, Self.clients, options.seconds)
      var ratios: [Double] = []
      var (alone, watched): ([Double], [Double]) = ([], [])
      for round in 1...2 * options.rounds {
        // What comes second of a pair is not always the same.
        for isWatched in round.isMultiple(of: 2) ? [false, true] : [true, false] {
          let rate =
            isWatched
            ? try await whileWatched(system) { try H2Load.run(load, Self.clients, options.seconds) }
              .rate
            : try H2Load.run(load, Self.clients, options.seconds).rate
          say(
            "round \(round)  \(work.rawValue)  \(isWatched ? "watched" : "alone")  \(rate.rounded)/s"
          )
          if isWatched { watched.append(rate) } else { alone.append(rate) }
        }
        ratios.append(watched.last! / alone.last!)
      }
      table.add(
        work.title, "\(alone.median.rounded)/s", "\(watched.median.rounded)/s",
        ratios.median.text(3))
    }
    print(table.text, terminator: "")
  }

  /// Runs a load while pages listen to all nodes.
  ///
  /// - Throws: ``Failure`` if one of them hears nothing.
  private func whileWatched(_ system: PDB, _ body: @Sendable @escaping () throws -> H2Load)
    async throws -> H2Load
  {
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = pages
    let http = HTTPClient(configuration: configuration)
    defer { Task { try? await http.shutdown() } }
    return try await withThrowingTaskGroup(of: Int.self) { group in
      for port in system.ports {
        for _ in 0..<pages {
          group.addTask { try await listen("http://127.0.0.1:\(port)/consensus", http) }
        }
      }
      let load = try await Task { try body() }.value
      group.cancelAll()
      for try await bytes in group where bytes == 0 {
        throw Failure(description: "a page that watched has heard nothing")
      }
      return load
    }
  }

  /// - Returns: how many bytes came until the task was cancelled.
  private func listen(_ url: String, _ http: HTTPClient) async throws -> Int {
    var count = 0
    do {
      let answer = try await http.execute(
        HTTPClientRequest(url: url), deadline: .distantFuture)
      guard answer.status == .ok else { return 0 }
      for try await part in answer.body { count += part.readableBytes }
    } catch is CancellationError {
    } catch let error as HTTPClientError where error == .cancelled {}
    return count
  }
}

// A simulated life, as an address of the time machine names it.

import Foundation
import PDBKit
import Simulation
import Synchronization

/// What a life is drawn from.
struct SimulatedLife {
  private let seed: UInt64
  /// `nil`: as many nodes and faults as the seed says.
  private let nodes: Int?
  private let bug: PlantedBug?
  private let orders: [Order]
  private let text: [String: String]

  /// - Parameter text: `seed`, `nodes`, `bug` and `orders`; what is missing or empty is not wanted.
  /// - Throws: `bad_request`.
  init(_ text: [String: String]) throws {
    func value(_ name: String) -> String? { text[name].flatMap { $0.isEmpty ? nil : $0 } }
    guard let seed = UInt64(value("seed") ?? "1") else {
      throw PDBError(.badRequest, "'seed' must be a number")
    }
    self.seed = seed
    nodes = try value("nodes").map { text in
      guard let nodes = Int(text), (1...7).contains(nodes) else {
        throw PDBError(.badRequest, "'nodes' must be from 1 to 7")
      }
      return nodes
    }
    bug = try value("bug").map { name in
      guard let bug = PlantedBug(rawValue: name) else {
        throw PDBError(
          .badRequest, "there is no bug '\(name.escapingControlCharacters)'",
          hint: PlantedBug.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return bug
    }
    guard let orders = Order.list(value("orders") ?? "") else {
      throw PDBError(
        .badRequest, "'orders' cannot be read", hint: "as in 100:cut:1:2,150:crash:3,200:heal")
    }
    self.orders = orders
    self.text = text
  }

  /// The life from its beginning to its end.
  var film: Film { Simulation(seed: seed, bug: bug, voters: nodes).record(orders) }

  /// As the page's address has it.
  var query: String {
    var parts = ["seed=\(seed)"]
    parts.append(nodes.map { "nodes=\($0)" } ?? "wild")
    if let bug { parts.append("bug=\(bug.rawValue)") }
    if let orders = text["orders"], !orders.isEmpty { parts.append("orders=\(orders)") }
    return "?" + parts.joined(separator: "&")
  }

  /// Lives that are being simulated for pages.
  private static let running = Atomic(0)

  /// What the page asks: `/sim` a life, `/sim/offers` what there is to choose from.
  static func answer(_ path: String, _ query: [String: String]) async throws -> JSON {
    switch path {
    case "/sim":
      let life = try SimulatedLife(query)
      guard running.add(1, ordering: .relaxed).newValue <= 2 else {
        running.subtract(1, ordering: .relaxed)
        throw PDBError(.busy, "other lives are being simulated", hint: "try again in a moment")
      }
      defer { running.subtract(1, ordering: .relaxed) }
      return await BlockingCall.run { _ in life.film.json }
    case "/sim/offers":
      return [
        "bugs": .array(
          PlantedBug.allCases.map {
            ["name": .string($0.rawValue), "breaks": .string($0.meaning)]
          }),
        "scenarios": .array(
          scenarios.map { ["name": .string($0.name), "query": .string($0.query)] }),
      ]
    default: throw PDBError(.notFound, "there is no '\(path.escapingControlCharacters)'")
    }
  }

  /// Lives worth watching; what they show stands with the words of the page.
  static let scenarios: [(name: String, query: String)] = [
    ("election", "?seed=1&nodes=3"),
    ("staleLeader", "?seed=1&nodes=3&orders=60:cut:1:2,60:cut:1:3,300:heal&at=55"),
    (
      "minority",
      "?seed=2&nodes=5&orders=60:cut:5:2,60:cut:5:3,60:cut:5:4,60:cut:1:2,60:cut:1:3,60:cut:1:4,300:heal&at=55"
    ),
    ("splitVote", "?seed=26&wild&at=35"),
    ("figure8", "?seed=24&wild&bug=commitsOldTerm&at=40"),
    ("votesTwice", "?seed=34&wild&bug=votesTwice"),
  ]
}

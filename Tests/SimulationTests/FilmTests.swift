// Lives that are recorded, and lives that are told what shall happen.

import PDBModel
import Simulation
import Testing

@Suite struct FilmTests {
  private static func node(_ frame: JSON, _ id: String) -> JSON? {
    frame["nodes"]?.array?.first { $0["node"]?.string == id }
  }

  private static func leaders(_ frame: JSON) -> [JSON] {
    (frame["nodes"]?.array ?? []).filter { $0["role"] == "leader" }
  }

  @Test func `recording changes nothing`() {
    for seed in 1...5 as ClosedRange<UInt64> {
      let film = Simulation(seed: seed).record(most: .max)
      #expect(film.report.hash == Simulation(seed: seed).run().hash, "seed \(seed)")
      #expect(film.frames.count > 100)
    }
  }

  @Test func `a calm cluster elects a leader and commits, and nothing goes wrong`() throws {
    for nodes in [1, 3, 5] {
      let film = Simulation(seed: 1, voters: nodes).record()
      #expect(film.report.violation == nil)
      let last = try #require(film.frames.last)
      #expect(last["nodes"]?.array?.count == nodes && Self.leaders(last).count == 1)
      #expect(Self.leaders(last)[0]["committed"]?.uint64 ?? 0 > 20)
    }
  }

  @Test func `a leader that is cut off by order commits no more, and takes what the others have`()
    throws
  {
    let calm = Simulation(seed: 1, voters: 3).record()
    let leader = try #require(Self.leaders(calm.frames[100]).first?["node"]?.string)
    let others = ["1", "2", "3"].filter { $0 != leader }
    let cuts = others.map { "100:cut:\(leader):\($0)" }.joined(separator: ",")
    let orders = try #require(Order.list("400:heal,\(cuts)"))
    #expect(orders.map(\.tick) == [100, 100, 400])
    let film = Simulation(seed: 1, voters: 3).record(orders)
    #expect(film.report.violation == nil)
    // What was before is the same.
    #expect(film.frames[..<100] == calm.frames[..<100])
    let alone = try #require(Self.node(film.frames[399], leader))
    let other = try #require(Self.node(film.frames[399], others[0]))
    #expect(alone["committed"]?.uint64 ?? 0 < other["committed"]?.uint64 ?? 0)
    #expect(alone["term"]?.uint64 ?? 0 < other["term"]?.uint64 ?? 0)
    #expect(film.frames[399]["cuts"]?.array?.count == 4)
    let (healed, peer) = (
      try #require(Self.node(film.frames[500], leader)),
      try #require(Self.node(film.frames[500], others[0]))
    )
    #expect(healed["term"] == peer["term"] && film.frames[500]["cuts"]?.array?.isEmpty == true)
  }

  @Test func `nodes crash, start and pause by order`() throws {
    let orders = try #require(Order.list("50:crash:1,120:start:1,150:pause:2:20"))
    let film = Simulation(seed: 4, voters: 3).record(orders)
    #expect(film.report.violation == nil)
    #expect(Self.node(film.frames[60], "1")?["role"] == nil)
    #expect(Self.node(film.frames[125], "1")?["role"] != nil)
    #expect(Self.node(film.frames[160], "2")?["paused"] == true)
    #expect(Self.node(film.frames[175], "2")?["paused"] == false)
  }

  @Test func `a planted bug ends the film with the promise that it breaks`() throws {
    let film = Simulation(seed: 34, bug: .votesTwice).record()
    #expect(film.report.violation?.rule == .oneVotePerTerm)
    #expect(film.json["violation"]?["rule"]?.string == Rule.oneVotePerTerm.rawValue)
    #expect(film.frames.count < 100)
  }

  @Test(arguments: [
    "x", "1", "1:crash", "1:crash:x", "-1:heal", "1:heal:2", "1:cut:1", "1:fly:1", ",",
  ])
  func `what is no order is refused`(text: String) {
    #expect(text == "," ? Order.list(text) == [] : Order.list(text) == nil)
  }
}

// The history forgets what the settings say, at the same entry on every node.

import Testing

@testable import PDBModel

@Suite struct ForgettingTests {
  /// Sets one of a few keys to a value of so many bytes.
  private static func change(_ number: Int, bytes: Int = 1) -> PDBModel.Operation {
    .set(
      key: Bytes(utf8: "k\(number % 3)"), value: Bytes(repeating: 0x31, count: bytes), .none)
  }

  @Test func `no more revisions stay than the setting says`() throws {
    var state = PlainState()
    try state.apply(.setSetting(.historyRevisions, value: "10"))
    for number in 2...200 {
      try state.apply(Self.change(number))
      // At an entry that is a multiple of 16 all but ten went, before it was applied.
      let kept = state.index < 16 ? state.index : 11 + state.index % 16
      #expect(state.known == Array(state.mark.revision + 1 - kept...state.mark.revision))
      #expect(state.mark.compactedRevision == state.mark.revision - kept)
    }
    #expect(state.mark.historyBytes == state.storage.history.reduce(0) { $0 + $1.record.byteCount })
  }

  @Test func `nothing stays where nothing is kept`() throws {
    var state = PlainState()
    try state.apply(.setSetting(.historyRevisions, value: "0"))
    while state.index < 63 { try state.apply(Self.change(Int(state.index))) }
    try state.pass()
    #expect(state.known.isEmpty && state.mark.historyBytes == 0)
    #expect(state.mark.compactedRevision == state.mark.revision)
    #expect(state.storage.get(Bytes(utf8: "k1"))?.value == [0x31])
    try state.apply(.setSetting(.historyRevisions, value: nil))
    while state.index < 200 { try state.apply(Self.change(Int(state.index))) }
    #expect(state.known.count == 136)
  }

  @Test func `no more bytes stay than the setting says`() throws {
    var state = PlainState()
    try state.apply(.setSetting(.historyBytes, value: "1K"))
    for number in 2...400 {
      try state.apply(Self.change(number, bytes: number % 100))
      guard state.index % 16 == 0 else { continue }
      let before = state.mark.historyBytes - state.storage.history.last!.record.byteCount
      #expect(before <= 1024)
      // And not fewer than it says: with one more it would be too many.
      let records = state.storage.history.map(\.record)
      #expect(before + 250 > 1024 || records.first?.number == 1)
    }
  }

  @Test func `what is older than the setting says goes, by the times of the entries`() throws {
    var state = PlainState()
    try state.apply(.setSetting(.historyKeep, value: "10s"), at: 0)
    for number in 2...200 {
      try state.apply(Self.change(number), at: Int64(number - 1) * 1000)
      guard state.index % 16 == 0 else { continue }
      // The one that is exactly ten seconds old stays.
      #expect(
        state.storage.history.map(\.record.stamp.time.milliseconds).first
          == Int64(number - 11) * 1000)
    }
    // An entry without an operation has no time.
    let known = state.known
    while state.index < 256 { try state.pass() }
    #expect(state.known == known)
    // A clock that goes back makes nothing older.
    while state.index < 300 { try state.apply(Self.change(Int(state.index)), at: -1_000_000) }
    #expect(state.known.first == known.first)
  }

  @Test func `times at the ends of their range do no harm`() throws {
    var state = PlainState()
    try state.apply(.setSetting(.historyKeep, value: "36500d"), at: .max)
    while state.index < 64 { try state.apply(Self.change(Int(state.index)), at: .min) }
    #expect(state.known.first == 1)
  }

  @Test func `a limit that is lowered a lot is caught up with bit by bit`() throws {
    var state = PlainState()
    while state.index < 1000 { try state.apply(Self.change(Int(state.index))) }
    try state.apply(.setSetting(.historyRevisions, value: "10"))
    var compacted: UInt64 = 0
    var steps: [UInt64] = []
    while state.known.count > 26 {
      try state.apply(Self.change(0))
      if state.mark.compactedRevision != compacted {
        steps.append(state.mark.compactedRevision - compacted)
        #expect(state.index % 16 == 0)
      }
      compacted = state.mark.compactedRevision
    }
    #expect(steps.prefix(3) == [256, 256, 256] && steps.allSatisfy { $0 <= 256 })
  }

  /// As a plain loop says it.
  private struct Model {
    var kept: [RevisionRecord] = []

    mutating func forget(_ settings: Settings, at time: Int64?) {
      let limits = HistoryLimits(settings)
      for _ in 0..<256 {
        guard let oldest = kept.first else { return }
        let bytes = kept.reduce(0) { $0 + $1.byteCount }
        let isOld =
          limits.age.flatMap { age in
            time.map { oldest.stamp.time.milliseconds < $0 - Int64(age) }
          } ?? false
        guard UInt64(kept.count) > limits.revisions || bytes > limits.bytes || isOld else { return }
        kept.removeFirst()
      }
    }
  }

  @Test(arguments: UInt64(1)...10)
  func `it forgets as a plain model does, and twice the same`(seed: UInt64) throws {
    var random = Numbers(state: seed)
    var (state, twin) = (PlainState(), PlainState())
    var model = Model()
    var time: Int64 = 0
    for _ in 0..<1500 {
      time += Int64(random.below(4000)) - 500
      let settings = try state.storage.settings()
      let isEmpty = random.below(20) == 0
      if (state.index + 1) % 16 == 0 { model.forget(settings, at: isEmpty ? nil : time) }
      if isEmpty {
        try state.pass()
        try twin.pass()
      } else {
        let operation = Self.operation(&random)
        let before = state.mark.revision
        let answers = [
          Result { try state.apply(operation, at: time) },
          Result { try twin.apply(operation, at: time) },
        ]
        #expect((try? answers[0].get()) == (try? answers[1].get()))
        if state.mark.revision > before { model.kept.append(state.storage.history.last!.record) }
      }
      try #require(state.storage.history.count == model.kept.count, "seed \(seed)")
      guard state.index % 16 == 0 else { continue }
      try #require(state.storage.history.map(\.record) == model.kept, "seed \(seed)")
      try #require(state.isSame(as: twin))
    }
    #expect(state.mark.compactedRevision > 0)
  }

  private static func operation(_ random: inout Numbers) -> PDBModel.Operation {
    switch random.below(60) {
    case 0: .setSetting(.historyKeep, value: ["1s", "20s", "1m", "forever"][random.below(4)])
    case 1: .setSetting(.historyRevisions, value: ["0", "3", "40", "1000"][random.below(4)])
    case 2: .setSetting(.historyBytes, value: ["0", "200", "2K", "256M"][random.below(4)])
    case 3: .setSetting(Setting.allCases[random.below(3)], value: nil)
    case 4: .undo(nil)
    default: change(random.below(9), bytes: random.below(50))
    }
  }

  /// The same numbers from the same seed.
  private struct Numbers {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
  }

  @Test func `with older members the limits of version 0.1 hold, and all at once`() throws {
    var state = PlainState(version: .first)
    for _ in 0..<Limits.historyRevisions + 500 { try state.apply(Self.change(0)) }
    // At the last multiple of 16.
    let compacted = state.index / 16 * 16 - 1 - Limits.historyRevisions
    #expect(state.mark.compactedRevision == compacted)
    #expect(state.known.first == compacted + 1)
    var large = PlainState(version: .first)
    let value = Bytes(repeating: 0x31, count: 1 << 19)
    for number in 0..<600 {
      try large.apply(.set(key: Bytes(utf8: "k\(number)"), value: value, .none))
    }
    #expect(large.known.count < 530 && large.mark.historyBytes < Limits.historyBytes + 16 << 19)
  }
}

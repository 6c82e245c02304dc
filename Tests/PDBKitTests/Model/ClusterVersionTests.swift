// What changes when all members understand more, and what must not.

import Testing

@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBStorage
@testable import Raft

@Suite struct ClusterVersionTests {
  // MARK: Stamps

  private let stamped = StampedOperation(
    stamp: Stamp(
      time: Timestamp(milliseconds: 1000), author: "an", principal: "p",
      request: RequestID(
        id: "r", fingerprint: 5, firstSent: Timestamp(milliseconds: 3), knownRevision: 300)),
    operation: .delete(keys: [[0x6B]], .none))

  @Test func `a stamp of version 1 keeps its form, and says nothing that came later`() throws {
    let bytes = stamped.encoded(for: .first)
    #expect(
      bytes == [1, 208, 15, 2, 0x61, 0x6E, 1, 1, 0x72, 5, 1, 6, 6, 1, 1, 0x6B, 0])
    var old = stamped
    old = StampedOperation(
      stamp: Stamp(
        time: old.stamp.time, author: "an",
        request: RequestID(id: "r", fingerprint: 5, firstSent: Timestamp(milliseconds: 3))),
      operation: old.operation)
    #expect(try StampedOperation(decoding: bytes) == old)
    #expect(old.encoded(for: .first) == bytes)
  }

  @Test func `a stamp of version 2 says everything but what a clock said`() throws {
    let bytes = stamped.encoded(for: .checksums)
    #expect(
      bytes == [
        2, 208, 15, 2, 0x61, 0x6E, 1, 1, 0x70, 1, 1, 0x72, 5, 1, 172, 2, 6, 1, 1, 0x6B, 0,
      ])
    let decoded = try StampedOperation(decoding: bytes)
    #expect(decoded.operation == stamped.operation)
    #expect(decoded.stamp.principal == "p" && decoded.stamp.author == "an")
    #expect(
      decoded.stamp.request
        == RequestID(id: "r", fingerprint: 5, firstSent: nil, knownRevision: 300))
    #expect(stamped.encoded() == bytes)
  }

  @Test func `what takes long is known from stamps of both versions`() {
    let stamp = stamped.stamp
    for version in [ClusterVersion.first, .checksums] {
      let undo = StampedOperation(stamp: stamp, operation: .undo(1)).encoded(for: version)
      #expect(StampedOperation.mayTakeLong(undo))
      #expect(!StampedOperation.mayTakeLong(stamped.encoded(for: version)))
    }
  }

  // MARK: Raising

  /// A replica of a state in memory.
  private struct TestReplica {
    var machine: StateMachine<MemoryView>
    var index: UInt64 = 0

    init() { machine = StateMachine(storage: MemoryView(), mark: DataMark()) }

    var mark: DataMark { machine.mark }

    @discardableResult
    mutating func apply(
      _ operation: PDBModel.Operation, _ request: RequestID? = nil, at time: Int64 = 0
    ) throws -> Ruling {
      index += 1
      return try machine.apply(
        StampedOperation(
          stamp: Stamp(time: Timestamp(milliseconds: time), author: "an", request: request),
          operation: operation), at: LogPosition(index: index, term: 1))
    }

    @discardableResult
    mutating func increment(_ request: RequestID? = nil, at time: Int64 = 0) throws -> Ruling {
      try apply(.increment(key: [0x6E], by: 1), request, at: time)
    }

    /// Forgets what would be forgotten if the log went on until there.
    mutating func forgetRequests(through index: UInt64) throws {
      let place = index + Limits.rememberedRequests
      try machine.forget(at: (place + 15) / 16 * 16, nil)
    }

    var number: String? { machine.storage.get([0x6E])?.value.utf8String }

    /// The same state with another mark.
    mutating func setMark(_ change: (inout DataMark) -> Void) {
      var mark = machine.mark
      change(&mark)
      machine = StateMachine(storage: machine.storage, mark: mark)
    }
  }

  private func request(
    _ id: String, firstSent: Int64? = nil, known: UInt64? = nil
  ) -> RequestID {
    RequestID(
      id: id, fingerprint: 1, firstSent: firstSent.map { Timestamp(milliseconds: $0) },
      knownRevision: known)
  }

  private func code(_ ruling: Ruling) -> PDBError.Code? {
    if case .failure(let error) = ruling.decision { error.code } else { nil }
  }

  @Test func `raising the version changes which hash is compared, and no data`() throws {
    var replica = TestReplica()
    try replica.increment()
    try replica.apply(.set(key: [0x61], value: [0x31], .none))
    let before = replica.mark
    #expect(before.version == .first && before.comparedHash == before.oldHash)
    #expect(before.oldHash != before.hash)
    let ruling = try replica.apply(.raiseVersion(.checksums))
    #expect(ruling.made == nil && code(ruling) == nil)
    let after = replica.mark
    #expect(after.version == .checksums && after.comparedHash == after.hash)
    #expect(after.hash == before.hash && after.revision == before.revision)
    // From here on the other one is not kept.
    try replica.increment()
    #expect(replica.mark.oldHash == before.oldHash && replica.mark.hash != before.hash)
    #expect(replica.mark.comparedHash == replica.mark.hash)
  }

  @Test func `the version never falls, and never is one that this program does not know`() throws {
    var replica = TestReplica()
    try replica.apply(.raiseVersion(.checksums))
    try replica.apply(.raiseVersion(.first))
    #expect(replica.mark.version == .checksums)
    let newer = ClusterVersion(number: ClusterVersion.newest.number + 1)
    #expect(throws: ClusterVersion.NotUnderstood.self) { try replica.apply(.raiseVersion(newer)) }
  }

  @Test func `where nothing was forgotten no retry is refused after the rise`() throws {
    var replica = TestReplica()
    try replica.increment(request("a"), at: 10)
    try replica.apply(.raiseVersion(.checksums))
    #expect(replica.mark.forgottenRevision == 0)
    #expect(code(try replica.increment(request("b", firstSent: 0, known: 0))) == nil)
    #expect(replica.number == "2")
  }

  @Test func `what version 0.1 forgot is taken to be as new as what it still remembers`() throws {
    var replica = TestReplica()
    for number in 1...40 { try replica.increment(request("r\(number)"), at: Int64(number)) }
    try replica.forgetRequests(through: 16)
    #expect(replica.machine.storage.oldestRequest()?.id == "r17")
    replica.setMark { $0.forgottenRevision = 0 }
    try replica.apply(.raiseVersion(.checksums))
    #expect(replica.mark.forgottenRevision == 18)
  }

  @Test func `if no request is remembered, all revisions until the rise may be of forgotten ones`()
    throws
  {
    var replica = TestReplica()
    for number in 1...16 { try replica.increment(request("r\(number)"), at: Int64(number)) }
    try replica.forgetRequests(through: 16)
    try replica.increment()
    #expect(replica.machine.storage.oldestRequest() == nil)
    try replica.apply(.raiseVersion(.checksums))
    #expect(replica.mark.revision == 17 && replica.mark.forgottenRevision == 18)
  }

  @Test func `a retry is measured by the revision that its client knew, not by a clock`() throws {
    var replica = TestReplica()
    for number in 1...32 { try replica.increment(request("r\(number)"), at: 5000) }
    try replica.apply(.raiseVersion(.checksums))
    try replica.forgetRequests(through: 16)
    #expect(replica.mark.forgottenRevision == 17)
    #expect(replica.mark.forgotten == Timestamp(milliseconds: 5000))
    for time in [nil, 0, 4999, 5001, Int64.max / 2] {
      let old = try replica.increment(request("old", firstSent: time, known: 16))
      #expect(code(old) == .requestExpired)
      if case .failure(let error) = old.decision { #expect(error.outcome == .unknown) }
      let new = try replica.increment(request("new\(time ?? -1)", firstSent: time, known: 17))
      #expect(code(new) == nil)
    }
    #expect(replica.number == "37")
    // One that was applied and forgotten is among those that are refused.
    #expect(code(try replica.increment(request("r16", known: 15))) == .requestExpired)
    // One that is remembered is answered, whatever its client knew.
    #expect(try replica.increment(request("r17", known: 0)).revision == 17)
    // Who does not say what they knew is measured by the clock.
    #expect(code(try replica.increment(request("x", firstSent: 4999))) == .requestExpired)
    #expect(code(try replica.increment(request("y", firstSent: 5001))) == nil)
    #expect(code(try replica.increment(request("z"))) == nil)
  }

  @Test func `no retry is applied again, whatever was forgotten before the rise`()
    throws
  {
    var refused = 0
    for seed in UInt64(0)..<60 {
      var random = SplitMix64(seed: seed)
      var replica = TestReplica()
      /// What clients knew before they sent a request that was applied.
      var applied: [(id: String, known: UInt64, at: Int64)] = []
      let rise = Int.random(in: 0..<120, using: &random)
      for number in 0..<120 {
        if number == rise { try replica.apply(.raiseVersion(.checksums)) }
        if Int.random(in: 0..<8, using: &random) == 0 {
          try replica.forgetRequests(through: .random(in: 0...replica.index, using: &random))
        }
        let known = UInt64.random(in: 0...replica.mark.revision, using: &random)
        let id = "r\(number)"
        // A client may be behind, and then be told that its request is too old.
        let answer = try replica.increment(
          request(id, firstSent: Int64(number), known: Bool.random(using: &random) ? known : nil),
          at: Int64(number))
        if code(answer) == nil { applied.append((id, known, Int64(number))) }
      }
      if rise >= 120 { try replica.apply(.raiseVersion(.checksums)) }
      let number = replica.number
      for (id, known, time) in applied {
        let answer = try replica.increment(request(id, firstSent: time, known: known), at: 500)
        if code(answer) == .requestExpired { refused += 1 } else { #expect(code(answer) == nil) }
        #expect(replica.number == number, "seed \(seed): \(id) was applied twice")
      }
    }
    #expect(refused > 100)
  }

  @Test(arguments: [UInt64](0..<20))
  func `states are equal after the rise, whether they came from version 0.1 or not`(
    seed: UInt64
  ) async throws {
    // One state has been with this program all the time, and knows from its own forgetting; the other
    // one came from version 0.1 at some moment, which does not tell.
    var random = SplitMix64(seed: seed)
    let directory = try TemporaryDirectory()
    let first = try StateStore(path: directory.path + "/first.db")
    let last = Limits.rememberedRequests
    func entry(_ index: Index, _ request: RequestID?) -> Entry {
      let stamp = Stamp(
        time: Timestamp(milliseconds: Int64(index)), author: "an", request: request)
      let stamped = StampedOperation(stamp: stamp, operation: .increment(key: [0x6E], by: 1))
      return Entry(index: index, term: 1, payload: .operation(stamped.encoded(for: .first)))
    }
    var entries: [Entry] = []
    for index in 1...UInt64(60) {
      let isRequest = Bool.random(using: &random)
      entries.append(entry(index, isRequest ? request("r\(index)") : nil))
    }
    entries += (61...last).map { Entry(index: $0, term: 1, payload: .noop) }
    for index in last + 1...last + 80 {
      let isRequest = Bool.random(using: &random)
      entries.append(entry(index, isRequest ? request("r\(index)") : nil))
    }
    let rise = Int(last) + Int.random(in: 20...60, using: &random)
    let raising = StampedOperation(
      stamp: Stamp(time: Timestamp(milliseconds: 0), author: "", request: nil),
      operation: .raiseVersion(.checksums))
    entries[rise] = Entry(
      index: Index(rise + 1), term: 1, payload: .operation(raising.encoded(for: .first)))
    let moment = Int(last) + Int.random(in: 0...rise - Int(last), using: &random)

    _ = try first.apply(Array(entries[..<moment]))
    let snapshot = try first.snapshot()
    var mark = snapshot.mark
    (mark.hash, mark.forgottenRevision) = (0, 0)
    let path = directory.path + "/second.db"
    let second = try StateStore(path: path)
    let staging = try StateStaging(beside: path, mark: mark)
    var position = StateSnapshot.Position.beginning(.old)
    while true {
      if case .end = position { break }
      let piece = try await snapshot.piece(at: position)
      try staging.add(piece.bytes)
      position = piece.next
    }
    try staging.finish()
    try second.install(mark.appliedIndex)
    _ = try first.apply(Array(entries[moment...]))
    _ = try second.apply(Array(entries[moment...]))
    #expect(first.mark().version == .checksums)
    #expect(first.mark().forgottenRevision > 0)
    #expect(first.mark() == second.mark())
  }
}

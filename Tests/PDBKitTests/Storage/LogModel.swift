// What a log must hold, without a disk, and what nodes may tell it in any order.

@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBStorage
@testable import Raft

/// The contents of a log as plain values.
struct LogModel: Equatable {
  let identity: Identity
  var mark: SnapshotMark
  var hardState: HardState
  var entries: [Entry] = []
  var incarnations: [NodeID: UInt64] = [:]

  var lastIndex: Index { entries.last?.index ?? mark.index }
  var lastTerm: Term { entries.last?.term ?? mark.term }

  init(_ identity: Identity, _ mark: SnapshotMark) {
    self.identity = identity
    self.mark = mark
    hardState = HardState(term: mark.term)
  }

  init(_ contents: LogContents) {
    identity = contents.identity
    mark = contents.mark
    hardState = contents.hardState
    entries = contents.entries
    incarnations = contents.head.incarnations
  }

  mutating func write(_ batch: Persist) {
    if let snapshot = batch.snapshot { (mark, entries) = (snapshot, []) }
    if let hardState = batch.hardState { self.hardState = hardState }
    if let first = batch.entries.first { entries.removeAll { $0.index >= first.index } }
    entries += batch.entries
    if let compaction = batch.compaction {
      mark = compaction
      entries.removeAll { $0.index <= compaction.index }
    }
  }
}

/// One thing that a log is told.
enum LogStep {
  case append([Persist])
  case remember(NodeID, incarnation: UInt64)
}

extension LogModel {
  mutating func write(_ step: LogStep) {
    switch step {
    case .append(let batches): for batch in batches { write(batch) }
    case .remember(let node, let incarnation):
      if incarnations[node] == nil { incarnations[node] = incarnation }
    }
  }

  /// Something that a node may tell its log when it holds this.
  func randomStep(_ random: inout SplitMix64) -> LogStep {
    if Int.random(in: 0..<12, using: &random) == 0 {
      return .remember(.random(in: 1...5, using: &random), incarnation: random.next())
    }
    var model = self
    return .append(
      (0..<Int.random(in: 1...3, using: &random)).map { _ in
        let batch = model.randomBatch(&random)
        model.write(batch)
        return batch
      })
  }

  private func randomBatch(_ random: inout SplitMix64) -> Persist {
    var batch = Persist(number: 1)
    switch Int.random(in: 0..<16, using: &random) {
    case 0: batch.hardState = HardState(term: hardState.term + 1, vote: random.next())
    case 1, 2: overwrite(&batch, &random)
    case 3, 4: compact(&batch, &random)
    case 5:
      let index = Index.random(in: mark.index + 1...lastIndex + 8, using: &random)
      batch.hardState = HardState(term: hardState.term + 1)
      batch.snapshot = SnapshotMark(
        index: index, term: .random(in: max(1, mark.term)...hardState.term + 1, using: &random),
        membership: mark.membership)
      if Bool.random(using: &random) { extend(&batch, from: index + 1, &random) }
    default: extend(&batch, from: lastIndex + 1, &random)
    }
    return batch
  }

  private func overwrite(_ batch: inout Persist, _ random: inout SplitMix64) {
    guard let first = entries.randomElement(using: &random)?.index else { return }
    batch.hardState = HardState(term: hardState.term + 1)
    extend(&batch, from: first, &random)
  }

  private func compact(_ batch: inout Persist, _ random: inout SplitMix64) {
    if Bool.random(using: &random) { extend(&batch, from: lastIndex + 1, &random) }
    let entry = (entries + batch.entries).randomElement(using: &random)
    guard let entry else { return }
    batch.compaction = SnapshotMark(
      index: entry.index, term: entry.term, membership: mark.membership)
  }

  /// Entries of the newest term.
  private func extend(
    _ batch: inout Persist, from first: Index, _ random: inout SplitMix64
  ) {
    let term = max(batch.hardState?.term ?? hardState.term, 1)
    if hardState.term == 0, batch.hardState == nil { batch.hardState = HardState(term: 1) }
    let bytes = [0, 5, 40, 700].randomElement(using: &random)!
    batch.entries = (0..<Index.random(in: 1...6, using: &random)).map { offset in
      Entry(
        index: first + offset, term: term,
        payload: [
          .noop, .membership(mark.membership),
          .operation((0..<bytes).map { _ in UInt8.random(in: 0...255, using: &random) }),
        ].randomElement(using: &random)!)
    }
  }
}

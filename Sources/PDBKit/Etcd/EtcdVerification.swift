// Reading everything once, to see whether another program has written below the prefix.

import PDBCoordinator
package import PDBModel
import PDBStore

extension EtcdStore {
  /// Reads all values, at one revision, and compares them with the sum of checksums that the mark has.
  ///
  /// - Returns: the revision of the data.
  /// - Throws: `corrupt` if something was put there, altered or removed by another program.
  /// - Complexity: O(bytes of all values).
  package func verify() async throws(PDBError) -> UInt64 {
    do { return try await engine.verify() } catch { throw PDBError(reading: error) }
  }
}

extension EtcdEngine {
  func verify() async throws -> UInt64 {
    let snapshot = try await snapshot(.linearizable)
    let mark = snapshot.record.mark
    var sum: UInt64 = 0
    // Which transaction of etcd put each value.
    var puts: [(place: Bytes, revision: UInt64, modified: Int64)] = []
    for range in layout.present(from: [], to: nil) {
      try await visit(range, snapshot) { pair in
        guard let stored = StoredRecord.decode(pair.value) else { throw strange(pair.key) }
        sum &+= stored.checksum(under: layout.key(ofPresent: pair.key))
        puts.append((pair.key, stored.revision, pair.modified))
      }
    }
    guard sum != mark.hash else { return mark.revision }
    var made: [UInt64: Int64] = [:]
    try await visit(layout.revisions(0, .max), snapshot) { pair in
      if let number = layout.number(of: pair.key) { made[number] = pair.modified }
    }
    // A large change takes several transactions. What was put longest after its revision is the likeliest.
    let late = puts.compactMap { put in made[put.revision].map { (put.place, put.modified - $0) } }
      .max { $0.1 < $1.1 }
    let suspect = late.flatMap { $0.1 > 0 ? String(decoding: $0.0, as: UTF8.self) : nil }
    let candidate = suspect.map { ", perhaps '\($0.escapingControlCharacters)'" } ?? ""
    throw PDBError(
      .corrupt,
      "the values in etcd are not those that pdb wrote up to revision \(mark.revision)\(candidate)",
      hint: "another program has written below '\(gateway.address.prefix)'; "
        + "'etcdctl get --prefix' shows what stands there, 'pdb diff' what pdb wrote")
  }

  /// Visits all pairs of a range as they were at a snapshot.
  private func visit(
    _ range: KeyRange, _ snapshot: EtcdSnapshot, _ body: (EtcdPair) throws -> Void
  ) async throws {
    var rest = range
    var window = RangeWindow(of: 16, most: 1024, bytes: AsideChange.requestBytes)
    while !rest.isEmpty {
      let answer: Answer
      do {
        answer = try await ranges(
          [.init(rest, limit: window.limit)], at: snapshot.revision, until: .now + .seconds(10))
      } catch let failure as EtcdFailure { throw failure.reading }
      let (pairs, more) = answer.found[0]
      window.note(pairs)
      for pair in pairs { try body(pair) }
      guard more, let last = pairs.last else { return }
      rest = KeyRange(last.key + [0], rest.upper)
    }
  }
}

// What the keys of a round held at each revision, from the histories of all nodes.

import Foundation
import Linearizability

/// The history that all nodes agree on.
struct Replay {
  private struct Version {
    let revision: UInt64
    let value: RegisterValue?
  }

  /// Without gaps, in order.
  private(set) var revisions: [StoredRevision] = []
  /// The newest, or the last before the round.
  var lastRevision: UInt64 { revisions.last?.revision ?? start }
  /// By bytes: pdb's own keys are not text.
  private var versions: [[UInt8]: [Version]] = [:]
  private(set) var problems: [String] = []
  private let start: UInt64

  /// - Parameters:
  ///   - histories: of each node; a node that joined late may lack the beginning.
  ///   - start: the last revision before the round.
  init(_ histories: [[StoredRevision]], after start: UInt64) {
    self.start = start
    merge(histories)
    for revision in revisions { replay(revision) }
  }

  private mutating func merge(_ histories: [[StoredRevision]]) {
    var all: [UInt64: StoredRevision] = [:]
    for (node, history) in histories.enumerated() {
      for revision in history {
        if let other = all[revision.revision], other != revision {
          problems.append("node \(node) has another revision \(revision.revision) than others")
        }
        all[revision.revision] = revision
      }
      let numbers = history.map(\.revision)
      if let first = numbers.first, numbers != Array(first..<first + UInt64(numbers.count)) {
        problems.append("node \(node) has gaps in its history")
      }
    }
    revisions = all.values.sorted { $0.revision < $1.revision }
    let expected = (0..<UInt64(revisions.count)).map { start + 1 + $0 }
    if revisions.map(\.revision) != expected {
      problems.append("no node has all revisions after \(start)")
    }
  }

  private mutating func replay(_ revision: StoredRevision) {
    for change in revision.changes {
      let last = versions[change.key]?.last
      // What was there before the round is not known here.
      if let last {
        let before = change.before.map { Self.value($0.value) }
        let isSame =
          before == last.value && (before == nil || change.before?.revision == last.revision)
        if !isSame {
          let key = String(decoding: change.key, as: UTF8.self)
          problems.append(
            "revision \(revision.revision) found \(String(describing: before)) at '\(key)', "
              + "but \(String(describing: last.value)) was there since \(last.revision)")
        }
      }
      versions[change.key, default: []].append(
        Version(revision: revision.revision, value: change.after.map(Self.value)))
    }
  }

  /// What a key held when the state was at a revision.
  func value(of key: String, at revision: UInt64) -> (value: RegisterValue?, since: UInt64?) {
    let version = versions[Array(key.utf8)]?.last { $0.revision <= revision }
    guard let version, version.value != nil else { return (nil, nil) }
    return (version.value, version.revision)
  }

  /// The keys that were ever there, of those that are text.
  var keys: [String] { versions.keys.compactMap { String(validating: $0, as: UTF8.self) } }

  static func value(_ bytes: [UInt8]) -> RegisterValue {
    (try? JSONDecoder().decode(RegisterValue.self, from: Data(bytes)))
      ?? .text(String(decoding: bytes, as: UTF8.self))
  }
}

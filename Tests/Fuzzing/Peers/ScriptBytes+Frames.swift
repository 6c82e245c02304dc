// The frames of the peer wire, drawn from a script field by field: Frame.swift specifies them.
//
// A field is what an honest peer would say, something next to it, or anything.

import PDBCoordinator
package import PDBModel
import Raft

extension ScriptBytes {
  /// What a peer can say once it is let in, and some of what it cannot.
  private static let kinds: [UInt8] = [
    16, 17, 18, 19, 20, 20, 20, 20, 20, 20, 21, 21, 22, 23, 24, 25, 32, 48, 49, 50, 51, 52, 53,
    1, 2, 3, 4, 5, 6, 0, 26, 255,
  ]

  /// Those that do not end the connection.
  private static let messages = Bytes(16...25) + [20, 20, 21, 32]

  /// Type and fields of any frame; to a node that is spared, mostly of one that it goes on hearing after.
  package mutating func frame(to view: NodeView) -> Bytes {
    guard view.isSpared, !(isRare() && isRare()) else {
      return mutated(frame(element(of: Self.kinds), to: view))
    }
    return frame(element(of: Self.messages), to: view)
  }

  /// Type and fields of a frame of one kind.
  mutating func frame(_ kind: UInt8, to view: NodeView) -> Bytes {
    var writer = BinaryWriter()
    writer.write(byte: kind)
    switch kind {
    case 1: return greeting(to: view).hello
    case 2: writeChallenge(&writer)
    case 3: writer.write(bytes(upTo: 32))
    case 5: writer.write(element(of: ["secret", "removed", "lost_data", "\u{1B}["]))
    case 6: writeConfirmed(&writer, view)
    case 16, 18: writeVoteRequest(&writer, view)
    case 17, 19:
      writer.write(term(near: view))
      writer.write(!flag() && !view.isSpared)
    case 20: writeAppendEntries(&writer, view)
    case 21: writeAppendReply(&writer, view)
    case 22, 24:
      writer.write(term(near: view))
      if kind == 22 { writer.write(number()) }
    case 23:
      writer.write(term(near: view))
      writer.write(number())
      writer.write(index(near: view))
    case 25: writeConfirmations(&writer, view)
    case 32:
      writer.write(view.isSpared ? Self.distantIndex : index(near: view))
      writer.write(number())
    case 48, 52: writeSnapshotHead(&writer, view, isOld: kind == 48)
    case 49:
      writer.write(!flag())
      writer.write(piece())
    default: writer.write(bytes: bytes(upTo: 8), unless: kind < 64)
    }
    return writer.bytes
  }

  // MARK: Numbers

  /// Far from where any log ends.
  private static let distantIndex: Index = 1 << 60

  mutating func term(near view: NodeView) -> Term {
    switch below(12) {
    case 0...5: view.term
    case 6, 7: view.term + 1
    case 8: view.term - min(view.term, 1)
    case 9: view.term + UInt64(byte())
    case 10: view.term + (1 << 20) - 2 + UInt64(below(5))
    default: number()
    }
  }

  mutating func index(near view: NodeView) -> Index {
    switch below(10) {
    case 0...2: view.lastIndex
    case 3...4: view.commitIndex
    case 5: view.lastIndex + 1 + UInt64(below(3))
    case 6: view.lastIndex - min(view.lastIndex, UInt64(below(4)))
    case 7: view.commitIndex - min(view.commitIndex, UInt64(below(4)))
    case 8: 0
    default: number() >> UInt64(below(64))
    }
  }

  // MARK: Fields

  private mutating func writeChallenge(_ writer: inout BinaryWriter) {
    writer.write(bytes(upTo: 16))
    writer.write(number())
    writer.write(bytes(upTo: 32))
  }

  private mutating func writeConfirmed(_ writer: inout BinaryWriter, _ view: NodeView) {
    writer.write(flag())
    writer.write(term(near: view))
    writer.write(index(near: view))
  }

  private mutating func writeVoteRequest(_ writer: inout BinaryWriter, _ view: NodeView) {
    writer.write(term(near: view))
    writer.write(index(near: view))
    writer.write(term(near: view))
    writer.write(flag())
  }

  private mutating func writeAppendReply(_ writer: inout BinaryWriter, _ view: NodeView) {
    writer.write(term(near: view))
    writer.write(isRare() ? number() : UInt64(byte()))
    let outcome = UInt8(below(4)) | (view.isSpared ? 1 : 0)
    writer.write(byte: outcome)
    let fields = [1, 3, 0, 0][Int(outcome)]
    for _ in 0..<fields { writer.write(index(near: view)) }
  }

  private mutating func writeConfirmations(_ writer: inout BinaryWriter, _ view: NodeView) {
    let term = term(near: view)
    writer.write(term)
    let members = (0..<below(4)).map { $0 }
    writer.write(list: members) { writer, number in
      writer.write(number == 0 ? view.node : view.sender(below(4)))
      writer.write(isRare() ? self.term(near: view) : term)
      writer.write(view.isSpared ? 0 : index(near: view))
    }
  }

  // MARK: Entries

  private mutating func writeAppendEntries(_ writer: inout BinaryWriter, _ view: NodeView) {
    let term = term(near: view)
    writer.write(term)
    writer.write(view.isSpared ? Self.distantIndex : index(near: view))
    // Of the entry before: right more often than not, for most is the work of one leader.
    let before = isRare() ? self.term(near: view) : element(of: [term, view.term, view.term, 0, 1])
    writer.write(before)
    writer.write(view.isSpared ? 0 : index(near: view))
    writer.write(UInt64(byte()))
    let count = below(4)
    writer.write(isRare() ? number() : UInt64(count))
    for _ in 0..<count {
      writer.write(isRare() ? self.term(near: view) : term)
      writePayload(&writer, view)
    }
  }

  private mutating func writePayload(_ writer: inout BinaryWriter, _ view: NodeView) {
    switch below(8) {
    case 0: writer.write(Entry.Payload.noop)
    case 1: writer.write(.membership(membership(view)))
    case 2:
      writer.write(byte: byte())
      writer.write(bytes(upTo: 32))
    default: writer.write(.operation(mutated(operation().encoded(for: version()))))
    }
  }

  private mutating func version() -> ClusterVersion { isRare() ? .first : .newest }

  private mutating func membership(_ view: NodeView) -> Membership {
    var ids = ([view.node] + view.peers).filter { _ in !isRare() }
    var removed: [NodeID] = []
    if isRare(), let last = ids.popLast() { removed.append(last) }
    if isRare() { ids.append(view.sender(3)) }
    return Membership(
      ids.map { id in
        Member(
          id: id, address: isRare() ? "nowhere" : "127.0.0.1:\(id % 1000 + 1)",
          rank: UInt32(byte()), role: isRare() ? .learner : .voter)
      }, removed: removed)
  }

  // MARK: States

  private mutating func writeSnapshotHead(
    _ writer: inout BinaryWriter, _ view: NodeView, isOld: Bool
  ) {
    writer.write(term(near: view))
    var mark = StateMark()
    mark.appliedIndex = index(near: view)
    mark.appliedTerm = isRare() ? number() : view.term
    mark.membership = membership(view)
    mark.version = version()
    if isRare() { mark.revision = UInt64(byte()) }
    if isRare() || view.isSpared { mark.hash = number() | 1 }
    if isRare() { mark.compactedRevision = UInt64(byte()) }
    if isRare() { mark.historyBytes = number() }
    if isOld { writer.writeOld(mark) } else { writer.write(mark) }
  }

  /// A part of a state: rows of one kind, as StatePiece.swift specifies them, or nearly.
  private mutating func piece() -> Bytes {
    var writer = BinaryWriter()
    writer.write(byte: UInt8(below(9)))
    let count = below(3)
    writer.write(UInt64(count))
    for _ in 0..<count {
      for _ in 0..<below(14) {
        if flag() { writer.write(UInt64(byte())) } else { writer.write(bytes(upTo: 8)) }
      }
    }
    return writer.bytes
  }
}

extension BinaryWriter {
  /// Bytes without their length.
  fileprivate mutating func write(bytes: Bytes, unless isLeftOut: Bool) {
    if !isLeftOut { for byte in bytes { write(byte: byte) } }
  }
}

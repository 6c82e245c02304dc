// How the mark of a state is written on the peer wire and in backups, and which numbers it has for
// the tables and their checksum.
//
//   index term revision hash forgotten compactedRevision historyBytes membership

package import PDBModel
package import Raft

extension BinaryWriter {
  package mutating func write(_ mark: StateMark) {
    write(mark.appliedIndex)
    write(mark.appliedTerm)
    write(mark.revision)
    write(mark.hash)
    write(mark.forgotten.milliseconds)
    write(mark.compactedRevision)
    write(mark.historyBytes)
    write(mark.membership)
  }
}

extension BinaryReader {
  package mutating func readStateMark() throws -> StateMark {
    var mark = StateMark()
    mark.appliedIndex = try readCounter()
    mark.appliedTerm = try readCounter()
    mark.revision = try readCounter()
    mark.hash = try readUInt64()
    mark.forgotten = Timestamp(milliseconds: try readInt64())
    mark.compactedRevision = try readCounter()
    mark.historyBytes = try readCounter()
    mark.membership = try readMembership()
    guard mark.compactedRevision <= mark.revision else { throw Malformed() }
    return mark
  }
}

extension StateMark {
  /// Everything but the members, in the order of the wire; a time as the bits of its milliseconds.
  package var numbers: [UInt64] {
    [
      appliedIndex, appliedTerm, data.revision, data.hash,
      UInt64(bitPattern: data.forgotten.milliseconds), data.compactedRevision, data.historyBytes,
    ]
  }

  /// - Parameter numbers: as ``numbers`` has them.
  package init(numbers: [UInt64], membership: Membership) {
    self.init()
    appliedIndex = numbers[0]
    appliedTerm = numbers[1]
    data.revision = numbers[2]
    data.hash = numbers[3]
    data.forgotten = Timestamp(milliseconds: Int64(bitPattern: numbers[4]))
    data.compactedRevision = numbers[5]
    data.historyBytes = numbers[6]
    self.membership = membership
  }
}

// How the mark of a state is written on the peer wire and in backups.
//
//   index term revision hash forgotten compactedRevision historyBytes membership

package import PDBModel

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

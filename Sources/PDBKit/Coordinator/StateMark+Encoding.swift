// How the mark of a state is written into its tables, on the peer wire and in backups.
//
//   index term membership version revision hash oldHash forgotten forgottenRevision
//   compactedRevision historyBytes [leaseTime leaseStamp nextDeadline]
//
// The last three are there from cluster version 5 (`ClusterVersion.leases`) on.
//
// and, on the wire and in backups of version 0.1:
//
//   index term revision oldHash forgotten compactedRevision historyBytes membership

package import PDBModel
package import Raft

extension BinaryWriter {
  package mutating func write(_ mark: StateMark) {
    write(mark.appliedIndex)
    write(mark.appliedTerm)
    write(mark.membership)
    write(mark.version.number)
    write(mark.revision)
    write(mark.hash)
    write(mark.oldHash)
    write(mark.forgotten.milliseconds)
    write(mark.forgottenRevision)
    write(mark.compactedRevision)
    write(mark.historyBytes)
    guard mark.version >= .leases else { return }
    write(mark.lease.time)
    write(mark.lease.stamp.milliseconds)
    write(mark.lease.next)
  }

  package mutating func writeOld(_ mark: StateMark) {
    write(mark.appliedIndex)
    write(mark.appliedTerm)
    write(mark.revision)
    write(mark.oldHash)
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
    mark.membership = try readMembership()
    mark.version = ClusterVersion(number: try readCounter())
    mark.revision = try readCounter()
    mark.hash = try readUInt64()
    mark.oldHash = try readUInt64()
    mark.forgotten = Timestamp(milliseconds: try readInt64())
    mark.forgottenRevision = try readCounter()
    mark.compactedRevision = try readCounter()
    mark.historyBytes = try readCounter()
    if mark.version >= .leases {
      mark.lease.time = try readCounter()
      mark.lease.stamp = Timestamp(milliseconds: try readInt64())
      mark.lease.next = try readCounter()
    }
    guard mark.compactedRevision <= mark.revision else { throw Malformed() }
    return mark
  }

  package mutating func readOldStateMark() throws -> StateMark {
    var mark = StateMark()
    mark.appliedIndex = try readCounter()
    mark.appliedTerm = try readCounter()
    mark.revision = try readCounter()
    mark.oldHash = try readUInt64()
    mark.forgotten = Timestamp(milliseconds: try readInt64())
    mark.compactedRevision = try readCounter()
    mark.historyBytes = try readCounter()
    mark.membership = try readMembership()
    guard mark.compactedRevision <= mark.revision else { throw Malformed() }
    return mark
  }
}

extension StateMark {
  package func encoded() -> Bytes {
    var writer = BinaryWriter(capacity: 256)
    writer.write(self)
    return writer.take()
  }

  /// - Throws: `BinaryReader.Malformed`.
  package init(decoding bytes: Bytes) throws {
    var reader = BinaryReader(bytes)
    self = try reader.readStateMark()
    try reader.finish()
  }
}

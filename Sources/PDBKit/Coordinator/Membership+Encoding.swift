// How members are written into log entries, marks and the peer wire.
//
//   version (1)  [id address rank role]  [removed id]

package import PDBModel
package import Raft

extension BinaryWriter {
  package mutating func write(_ membership: Membership) {
    write(byte: 1)
    write(list: membership.members) { writer, member in
      writer.write(member.id)
      writer.write(member.address)
      writer.write(UInt64(member.rank))
      writer.write(byte: member.role.rawValue)
    }
    write(list: membership.removed) { $0.write($1) }
  }
}

extension BinaryReader {
  package mutating func readMembership() throws -> Membership {
    guard try readByte() == 1 else { throw Malformed() }
    let members = try readList { reader in
      let (id, address) = (try reader.readUInt64(), try reader.readString())
      guard let rank = UInt32(exactly: try reader.readUInt64()),
        let role = Member.Role(rawValue: try reader.readByte())
      else { throw Malformed() }
      return Member(id: id, address: address, rank: rank, role: role)
    }
    let removed = try readList { try $0.readUInt64() }
    let ids = members.map(\.id) + removed
    guard Set(ids).count == ids.count else { throw Malformed() }
    return Membership(members, removed: removed)
  }
}

extension Membership {
  package func encoded() -> Bytes {
    var writer = BinaryWriter(capacity: 64 * members.count + 16)
    writer.write(self)
    return writer.bytes
  }

  package init(decoding bytes: Bytes) throws {
    var reader = BinaryReader(bytes)
    self = try reader.readMembership()
    try reader.finish()
  }
}

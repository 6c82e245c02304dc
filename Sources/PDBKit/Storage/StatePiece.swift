// The pieces that a whole state is sent and backed up in. A piece is a list of rows of one table:
//
//   kind  rows
//   4     version   [id key revision value? deadline? checksum]
//   5     revision  [number index term time author principal? request? operation firstVersion versions
//                    visible bytes checksum]
//   6     aside     [key value revision]
//   7     request   [index id fingerprint time revision answer]
//
// in the notation of BinaryWriter; checksums are those of the rows, so what was altered on its way is
// noticed. OldState.swift has the kinds of version 0.1. The mark goes before all pieces, so the receiver
// knows what they must add up to.

import PDBModel

/// A row of the state, as it stands in a piece.
protocol StateRow {
  /// The kind of the pieces that hold such rows; a number is never given a second meaning.
  static var kind: UInt8 { get }

  func encode(to writer: inout BinaryWriter)
  init(from reader: inout BinaryReader) throws
}

extension VersionRow: StateRow {
  static let kind: UInt8 = 4

  func encode(to writer: inout BinaryWriter) {
    writer.write(id ?? 0)
    writer.write(key)
    writer.write(revision)
    writer.write(optional: value) { $0.write($1) }
    writer.write(optional: deadline) { $0.write($1) }
    writer.write(checksum)
  }

  init(from reader: inout BinaryReader) throws {
    self.init(
      id: try reader.readInt64(), key: try reader.readBytes(), revision: try reader.readUInt64(),
      value: try reader.readOptional { try $0.readBytes() },
      deadline: try reader.readOptional { try $0.readInt64() })
    guard try reader.readUInt64() == checksum else { throw BinaryReader.Malformed() }
  }
}

extension RevisionRow: StateRow {
  static let kind: UInt8 = 5

  func encode(to writer: inout BinaryWriter) {
    writer.write(record.number)
    writer.write(record.index)
    writer.write(record.term)
    writer.write(record.stamp.time.milliseconds)
    writer.write(record.stamp.author)
    writer.write(optional: record.stamp.principal) { $0.write($1) }
    writer.write(optional: record.stamp.request) { $0.write($1.id) }
    writer.write(record.operation)
    writer.write(firstVersion)
    writer.write(UInt64(record.count))
    writer.write(UInt64(record.visibleCount))
    writer.write(record.byteCount)
    writer.write(checksum)
  }

  init(from reader: inout BinaryReader) throws {
    let (number, index, term) = (
      try reader.readUInt64(), try reader.readUInt64(), try reader.readUInt64()
    )
    let stamp = Stamp(
      time: Timestamp(milliseconds: try reader.readInt64()), author: try reader.readString(),
      principal: try reader.readOptional { try $0.readString() },
      request: try reader.readOptional { RequestID(stored: try $0.readString()) })
    let (operation, firstVersion) = (try reader.readString(), try reader.readInt64())
    self.init(
      record: RevisionRecord(
        number: number, index: index, term: term, stamp: stamp, operation: operation,
        count: Int(try reader.readCounter()), visibleCount: Int(try reader.readCounter()),
        byteCount: try reader.readCounter()),
      firstVersion: firstVersion)
    guard try reader.readUInt64() == checksum else { throw BinaryReader.Malformed() }
  }
}

/// A row of `aside`.
struct AsideRow: StateRow {
  static let kind: UInt8 = 6

  let key: Bytes
  let stored: StoredValue

  func encode(to writer: inout BinaryWriter) {
    writer.write(key)
    writer.write(stored.value)
    writer.write(stored.revision)
  }
}

extension AsideRow {
  init(from reader: inout BinaryReader) throws {
    key = try reader.readBytes()
    stored = StoredValue(value: try reader.readBytes(), revision: try reader.readUInt64())
  }
}

extension RememberedRequest: StateRow {
  static let kind: UInt8 = 7

  func encode(to writer: inout BinaryWriter) {
    writer.write(index)
    writer.write(id)
    writer.write(fingerprint)
    writer.write(time.milliseconds)
    writer.write(revision)
    writer.write(answer)
  }

  init(from reader: inout BinaryReader) throws {
    self.init(
      index: try reader.readUInt64(), id: try reader.readString(),
      fingerprint: try reader.readUInt64(),
      time: Timestamp(milliseconds: try reader.readInt64()), revision: try reader.readUInt64(),
      answer: try reader.readBytes())
  }
}

enum StatePiece {
  /// A piece is sent when it has as many bytes.
  private static let fullBytes = 256 << 10

  /// Makes one piece, row by row.
  struct Encoder<Element: StateRow> {
    private var count: UInt64 = 0
    private var rows = BinaryWriter(capacity: StatePiece.fullBytes + 4096)

    /// Adds a row.
    ///
    /// - Returns: whether the piece is full.
    mutating func add(_ row: Element) -> Bool {
      row.encode(to: &rows)
      count += 1
      return rows.bytes.count >= StatePiece.fullBytes
    }

    var bytes: Bytes {
      var head = BinaryWriter(capacity: rows.bytes.count + 16)
      head.write(byte: Element.kind)
      head.write(count)
      return head.bytes + rows.bytes
    }
  }

  /// Puts the rows of a piece into a state.
  ///
  /// - Parameter compacted: of the whole state: revisions up to this one are not in its history.
  /// - Throws: `BinaryReader.Malformed` for bytes that are no piece; what the storage throws.
  static func add(_ piece: Bytes, to tables: StateTables, compacted: UInt64) throws {
    var reader = BinaryReader(piece)
    switch try reader.readByte() {
    case VersionRow.kind: try read(&reader) { (row: VersionRow) in try tables.add(row) }
    case RevisionRow.kind: try read(&reader) { (row: RevisionRow) in try tables.add(row) }
    case AsideRow.kind:
      try read(&reader) { (row: AsideRow) in try tables.putAside(row.key, row.stored) }
    case RememberedRequest.kind: try read(&reader, tables.remember)
    case OldPair.kind:
      try read(&reader) { (row: OldPair) in try tables.add(row, compacted: compacted) }
    case OldRevision.kind:
      try read(&reader) { (row: OldRevision) in try tables.add(row, compacted: compacted) }
    case OldRequest.kind:
      try read(&reader) { (row: OldRequest) in try tables.remember(row.request) }
    default: throw BinaryReader.Malformed()
    }
    try reader.finish()
  }

  private static func read<Element: StateRow>(
    _ reader: inout BinaryReader, _ body: (Element) throws -> Void
  ) throws {
    _ = try reader.readList { try body(Element(from: &$0)) }
  }
}

// The pieces that a whole state is sent and backed up in. A piece is a list of rows of one table:
//
//   kind  rows
//   1     pairs     [key value revision]
//   2     history   [revision index term time author request? operation changes]
//   3     requests  [index id fingerprint time answer]
//
// in the notation of BinaryWriter. The mark goes before all pieces, so the receiver knows what the
// pieces must add up to.

import PDBModel

/// A row of the state, as it stands in a piece.
protocol StateRow {
  /// The kind of the pieces that hold such rows; a number is never given a second meaning.
  static var kind: UInt8 { get }

  func encode(to writer: inout BinaryWriter)
  init(from reader: inout BinaryReader) throws
}

extension Pair: StateRow {
  static let kind: UInt8 = 1

  func encode(to writer: inout BinaryWriter) {
    writer.write(key)
    writer.write(value)
    writer.write(revision)
  }

  init(from reader: inout BinaryReader) throws {
    self.init(
      key: try reader.readBytes(), value: try reader.readBytes(),
      revision: try reader.readUInt64())
  }
}

extension RevisionRecord: StateRow {
  static let kind: UInt8 = 2

  func encode(to writer: inout BinaryWriter) {
    writer.write(number)
    writer.write(index)
    writer.write(term)
    writer.write(stamp.time.milliseconds)
    writer.write(stamp.author)
    writer.write(optional: stamp.request) { $0.write($1.id) }
    writer.write(operation)
    writer.write(changes)
  }

  init(from reader: inout BinaryReader) throws {
    self.init(
      number: try reader.readUInt64(), index: try reader.readUInt64(),
      term: try reader.readUInt64(),
      stamp: Stamp(
        time: Timestamp(milliseconds: try reader.readInt64()), author: try reader.readString(),
        request: try reader.readOptional {
          RequestID(id: try $0.readString(), fingerprint: 0, firstSent: nil)
        }),
      operation: try reader.readString(), changes: try reader.readBytes())
  }
}

extension RememberedRequest: StateRow {
  static let kind: UInt8 = 3

  func encode(to writer: inout BinaryWriter) {
    writer.write(index)
    writer.write(id)
    writer.write(fingerprint)
    writer.write(time.milliseconds)
    writer.write(answer)
  }

  init(from reader: inout BinaryReader) throws {
    self.init(
      index: try reader.readUInt64(), id: try reader.readString(),
      fingerprint: try reader.readUInt64(),
      time: Timestamp(milliseconds: try reader.readInt64()), answer: try reader.readBytes())
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
  /// - Throws: `BinaryReader.Malformed` for bytes that are no piece; what the storage throws.
  static func add(_ piece: Bytes, to tables: StateTables) throws {
    var reader = BinaryReader(piece)
    switch try reader.readByte() {
    case Pair.kind:
      try read(&reader) { (pair: Pair) in
        try tables.put(pair.key, StoredValue(value: pair.value, revision: pair.revision))
      }
    case RevisionRecord.kind: try read(&reader, tables.append)
    case RememberedRequest.kind: try read(&reader, tables.remember)
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

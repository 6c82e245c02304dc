// The durable log of a node: `node_4000.log-1`, `node_4000.log-2`, ... What is written here survives a
// power cut.
//
// Each file is a segment (LogFrame.swift); the last one is written to. When it is full the next one
// begins: in the file of a segment that is no longer needed, because overwriting needs no change of the
// file's size or place, and so half the time of a sync. A file that is being prepared is called
// `node_4000.log-next`, and counts from when it has its number.
//
// A frame that is not whole is where the log ends, if nothing behind it says otherwise: then it was
// being written when the node died, and nobody was told of it. If the next frame stands behind it, in
// the same segment or in the next, or if `node_4000.log-end` says that it was durable, it was damaged
// later; then what the node promised may be lost, and it does not start.

import NIOConcurrencyHelpers
import NIOPosix
package import PDBCoordinator
package import PDBModel
package import Raft
import Synchronization

/// The log and the hard state of one node, on disk.
package final class LogStore: Sendable {
  private let disk: any Disk
  /// What the names of all files begin with.
  private let name: String
  /// What segments may have before the next one begins; the last frame may go beyond.
  private let segmentBytes: Int
  /// `nil` before the log has anything in it.
  private let writer = NIOLockedValueBox<Writer?>(nil)
  private let places = NIOLockedValueBox(Values())
  private let openSegments = OpenSegments()
  private let fileBytes = Atomic(0)

  /// A file that frames are written to.
  private struct Segment {
    let header: SegmentHeader
    let file: any DiskFile
    /// Where the next frame begins.
    var end: Int
    /// The highest index of its entries.
    var lastIndex: Index = 0
    /// Whether the state may point at values in it.
    var hasValues = false
  }

  /// Where an entry's content begins.
  private struct ContentPlace {
    let segment: UInt64
    let offset: Int
  }

  private struct Writer {
    var head: LogHead
    /// Oldest first; the last one is written to.
    var segments: [Segment]
    /// The number of the last frame.
    var frame: UInt64
    let end: any DiskFile
  }

  /// Where values stand; apart from the writer, which is busy while the disk syncs.
  private struct Values {
    /// Of entries of the log that may hold large values.
    var contents: [Index: ContentPlace] = [:]
    /// The files of segments of the log that hold values.
    var files: [UInt64: any DiskFile] = [:]
    /// Segments that are no longer part of the log, and hold values.
    var retired: [UInt64: ValueSegment] = [:]
  }

  /// - Parameters:
  ///   - name: what the names of its files begin with.
  ///   - segmentBytes: what a segment has at least before the next one begins.
  package init(_ disk: any Disk, name: String, segmentBytes: Int = usualSegmentBytes) {
    self.disk = disk
    self.name = name
    self.segmentBytes = segmentBytes
  }

  package static let usualSegmentBytes = 8 << 20

  private var endName: String { name + "-end" }
  private var nextName: String { name + "-next" }

  /// For messages.
  package var path: String { name }

  private func segmentName(_ sequence: UInt64) -> String { "\(name)-\(sequence)" }

  private func valuesName(_ sequence: UInt64) -> String { "\(valuesPrefix)\(sequence)" }

  private var valuesPrefix: String {
    (name.hasSuffix(".log") ? String(name.dropLast(4)) : name) + ".values-"
  }

  /// Bytes of the segments that are part of the log, roughly.
  package var byteCount: Int { fileBytes.load(ordering: .relaxed) }

  // MARK: Beginning

  /// Gives a new node its identity and where its log begins.
  package func bootstrap(_ identity: Identity, _ mark: SnapshotMark) throws {
    var head = LogHead(identity, mark)
    head.hardState = HardState(term: mark.term)
    try begin(LogContents(head: head, entries: []))
  }

  /// Makes the files of a log that is known.
  func begin(_ contents: LogContents) throws {
    let segment = try prepare(1, head: contents.head, frame: 1)
    var writer = Writer(
      head: contents.head, segments: [segment], frame: 1, end: try disk.open(endName))
    if !contents.entries.isEmpty { try put(contents.entries.map { .entry($0) }, to: &writer) }
    // The name makes it a log; all that it says is durable by then. The end is noted when it is
    // loaded: what it confirms must have its name for good.
    try disk.rename(nextName, to: segmentName(1))
    try disk.sync()
    measure(writer)
    self.writer.withLockedValue { $0 = writer }
  }

  // MARK: Loading

  /// Reads and checks everything; `nil` if there is no log.
  ///
  /// - Parameter trustsEnd: whether what was confirmed counts as durable. A disk may have lied when it
  ///   was written; a node that starts syncs it once more.
  /// - Throws: `corrupt` if anything is missing or altered.
  package func load(trustsEnd: Bool = false) throws -> LogContents? {
    let sequences = try sequences
    guard let first = sequences.first else { return nil }
    guard sequences.enumerated().allSatisfy({ $1 - first == UInt64($0) }) else {
      throw damaged("one of its files is missing")
    }
    var reading = Reading()
    for sequence in sequences {
      try read(sequence, &reading)
    }
    let end = try disk.open(endName)
    let known = try number(inEnd: end)
    if let known, known > reading.frame {
      throw damaged("batch \(reading.frame + 1) was durable and cannot be read")
    }
    let contents: LogContents
    do { contents = try LogContents(reading.records) } catch {
      throw damaged((error as? LogContents.Contradiction)?.reason ?? "it cannot be read")
    }
    // What a process that died had written and named may not be on the disk yet.
    let isConfirmed = trustsEnd && known == reading.frame
    if !isConfirmed {
      try reading.segments.last?.file.sync()
      try disk.sync()
    }
    let writer = Writer(
      head: contents.head, segments: reading.segments, frame: reading.frame, end: end)
    // A crash may have left it behind, and until the next frame nothing else guards the last one.
    if !isConfirmed { try confirmIfPossible(writer) }
    try findRetired()
    measure(writer)
    self.writer.withLockedValue { $0 = writer }
    return contents
  }

  /// What is wrong when the state knows entries that the log does not have.
  package func isShort(_ lastIndex: Index, of appliedIndex: Index) -> PDBError {
    damaged(
      "it ends at entry \(lastIndex), but entry \(appliedIndex) was applied; part of the log is gone"
    )
  }

  /// Whether the log ends where this one wrote last: nobody else has written to its files.
  package var isCurrent: Bool {
    get throws {
      guard let writer = writer.withLockedValue({ $0 }), let segment = writer.segments.last,
        try number(inEnd: try disk.open(endName)) == writer.frame
      else { return false }
      // While a disk is full the end mark may stay behind.
      let next = try segment.file.read(LogFrame.headerBytes, at: segment.end)
      return LogFrame.number(atHeadOf: next) != writer.frame + 1
    }
  }

  /// The number of the last frame that is known to be durable; `nil` before there is one.
  package var end: UInt64? { get throws { try number(inEnd: try disk.open(endName)) } }

  private func number(inEnd file: any DiskFile) throws -> UInt64? {
    LogEnd(try file.read(LogEnd.byteCount, at: 0))?.number
  }

  private struct Reading {
    var records: [LogRecord] = []
    var segments: [Segment] = []
    /// The number of the last frame.
    var frame: UInt64 = 0
  }

  /// The numbers of the segments that there are, in order.
  private var sequences: [UInt64] {
    get throws {
      let prefix = name + "-"
      return try disk.names().compactMap { file in
        file.hasPrefix(prefix) ? UInt64(file.dropFirst(prefix.count)) : nil
      }.sorted()
    }
  }

  /// Whose log it is, as its beginning says; `nil` if there is none that can be read.
  package var identity: Identity? {
    get throws {
      guard let first = try sequences.first else { return nil }
      let bytes = try disk.open(segmentName(first)).read(Self.beginningBytes, at: 0)
      guard let header = SegmentHeader(bytes),
        let frame = LogFrame(bytes, at: SegmentHeader.byteCount, salt: header.salt),
        case .identity(let identity)? = try records(of: frame).first?.0
      else { return nil }
      return identity
    }
  }

  private static let beginningBytes = 64 << 10

  private func read(_ sequence: UInt64, _ reading: inout Reading) throws {
    let file = try disk.open(segmentName(sequence))
    let bytes = try file.read(try file.size(), at: 0)
    guard let header = SegmentHeader(bytes), header.sequence == sequence else {
      throw damaged("the beginning of '\(segmentName(sequence))' was altered")
    }
    var segment = Segment(header: header, file: file, end: SegmentHeader.byteCount)
    while let frame = LogFrame(bytes, at: segment.end, salt: header.salt),
      reading.segments.isEmpty && segment.end == SegmentHeader.byteCount
        || frame.number == reading.frame + 1
    {
      for (record, start) in try records(of: frame) {
        let place = ContentPlace(
          segment: sequence, offset: segment.end + LogFrame.headerBytes + start)
        note(record, at: place, in: &segment)
        reading.records.append(record)
      }
      reading.frame = frame.number
      segment.end += frame.byteCount
    }
    guard segment.end > SegmentHeader.byteCount,
      !LogFrame.isAny(after: reading.frame, in: bytes, from: segment.end, salt: header.salt)
    else { throw damaged("batch \(reading.frame + 1) was altered") }
    reading.segments.append(segment)
  }

  /// The records of a frame, and where in its body each of them ends with its content.
  private func records(of frame: LogFrame) throws -> [(LogRecord, contentStart: Int)] {
    do {
      var reader = BinaryReader(frame.body)
      let records = try reader.readList { reader in
        let record = try LogRecord(from: &reader)
        return (record, reader.offset - record.contentCount)
      }
      try reader.finish()
      return records
    } catch { throw damaged("batch \(frame.number) cannot be read") }
  }

  private func damaged(_ reason: String) -> PDBError { SQLite.damaged(name, reason) }

  // MARK: Writing

  /// Makes batches durable, in order, in one frame with one sync. Blocks until the disk has them.
  ///
  /// - Throws: ``DiskFailure``. When the disk is full nothing was written, and the same call will
  ///   succeed later.
  package func append(_ batches: [Persist]) throws {
    try write(batches.flatMap(\.records))
  }

  /// The log gives way to a state that was received, and begins behind it.
  package func restart(after mark: SnapshotMark) throws {
    let known = writer.withLockedValue { $0!.head.hardState }
    // A vote counts in its own term only.
    let state = known.term >= mark.term ? known : HardState(term: mark.term)
    try write([.snapshot(mark), .hardState(state)])
  }

  private func write(_ records: [LogRecord]) throws {
    try writer.withLockedValue { writer in
      precondition(writer != nil, "there is no log to write to")
      if writer!.segments.last!.end >= segmentBytes { try cut(&writer!) }
      try write(records, to: &writer!)
      measure(writer!)
    }
  }

  private func measure(_ writer: Writer) {
    fileBytes.store(
      (writer.segments.count - 1) * segmentBytes + writer.segments.last!.end, ordering: .relaxed)
  }

  private func write(_ records: [LogRecord], to writer: inout Writer) throws {
    try put(records, to: &writer)
    // All of it is durable. When the disk is full now, the rest can wait: the same records once more
    // would not mean the same.
    do {
      try confirm(writer)
      if records.contains(where: \.isMark) { try removeOldest(&writer) }
    } catch  where DiskFailure.isFullDisk(error) {}
  }

  /// Writes a frame and waits until it is durable.
  private func put(_ records: [LogRecord], to writer: inout Writer) throws {
    let last = writer.segments.count - 1
    var starts: [Int] = []
    let frame = LogFrame.bytes(
      of: records, number: writer.frame + 1, salt: writer.segments[last].header.salt, &starts)
    try writer.segments[last].file.write(frame, at: writer.segments[last].end)
    try writer.segments[last].file.sync()
    writer.frame += 1
    for (record, start) in zip(records, starts) {
      let place = ContentPlace(
        segment: writer.segments[last].header.sequence, offset: writer.segments[last].end + start)
      note(record, at: place, in: &writer.segments[last])
      writer.head.note(record)
    }
    writer.segments[last].end += frame.count
  }

  private func note(_ record: LogRecord, at place: ContentPlace, in segment: inout Segment) {
    guard case .entry(let entry) = record else { return }
    segment.lastIndex = max(segment.lastIndex, entry.index)
    let isLarge = record.contentCount >= ValuePlace.leastBytes
    if isLarge { segment.hasValues = true }
    let file = segment.file
    places.withLockedValue { places in
      if isLarge {
        places.contents[entry.index] = place
        places.files[place.segment] = file
      } else if !places.contents.isEmpty {
        places.contents[entry.index] = nil
      }
    }
  }

  /// Notes what is durable now.
  private func confirm(_ writer: Writer) throws {
    try writer.end.write(LogEnd(number: writer.frame).bytes, at: 0)
  }

  /// The same, where it can wait while the disk is full.
  private func confirmIfPossible(_ writer: Writer) throws {
    do { try confirm(writer) } catch  where DiskFailure.isFullDisk(error) {}
  }

  /// Begins the next segment.
  private func cut(_ writer: inout Writer) throws {
    let sequence = writer.segments.last!.header.sequence + 1
    let segment = try prepare(sequence, head: writer.head, frame: writer.frame + 1)
    try disk.rename(nextName, to: segmentName(sequence))
    try disk.sync()
    writer.segments.append(segment)
    writer.frame += 1
  }

  /// Writes the beginning of a segment that has no number yet.
  private func prepare(
    _ sequence: UInt64, head: LogHead, frame: UInt64
  ) throws -> Segment {
    let header = SegmentHeader(sequence: sequence, salt: .random(in: 0 ... .max))
    // A file that is used again must have lost its number before its content goes.
    try disk.sync()
    let file = try disk.open(nextName)
    try file.reserve(segmentBytes)
    var starts: [Int] = []
    let bytes =
      header.bytes + LogFrame.bytes(of: head.records, number: frame, salt: header.salt, &starts)
    try file.write(bytes, at: 0)
    try file.sync()
    return Segment(header: header, file: file, end: bytes.count)
  }

  /// Lets go of the segments whose entries are no longer part of the log. One of their files is kept
  /// for the next segment.
  private func removeOldest(_ writer: inout Writer) throws {
    let mark = writer.head.mark.index
    while writer.segments.count > 1, writer.segments[0].lastIndex <= mark {
      let segment = writer.segments[0]
      let sequence = segment.header.sequence
      if segment.hasValues {
        // The file is not written to again: somebody may be reading a value.
        try disk.rename(segmentName(sequence), to: valuesName(sequence))
        let retired = try ValueSegment(sequence, valuesName(sequence), on: disk, openSegments)
        places.withLockedValue { places in
          places.retired[sequence] = retired
          places.files[sequence] = nil
        }
      } else {
        try disk.rename(segmentName(sequence), to: nextName)
      }
      writer.segments.removeFirst()
    }
    places.withLockedValue { places in
      if !places.contents.isEmpty { places.contents = places.contents.filter { $0.key > mark } }
    }
  }

  // MARK: Values

  /// Where a value stands in the content of an entry; `nil` for one that is small, or does not stand
  /// there as it is.
  func place(of value: Bytes, in entry: Entry) -> ValuePlace? {
    guard value.count >= ValuePlace.leastBytes, case .operation(let content) = entry.payload,
      let start = content.firstOffset(of: value, attempts: Self.searchAttempts),
      let place = places.withLockedValue({ $0.contents[entry.index] })
    else { return nil }
    return ValuePlace(
      segment: place.segment, offset: place.offset + start, length: value.count)
  }

  /// A value stands near the beginning of its operation, if it is the only one.
  private static let searchAttempts = 256

  /// The segments that there are now.
  func values() -> ValueView {
    ValueView(retired: places.withLockedValue { $0.retired }, log: self)
  }

  /// - Returns: `nil` if there is no such segment; less than the value if the segment ends before.
  func read(_ place: ValuePlace) throws -> Bytes? {
    let (file, segment) = places.withLockedValue { places in
      (places.files[place.segment], places.retired[place.segment])
    }
    if let file { return try file.read(place.length, at: place.offset) }
    return try segment?.read(place.length, at: place.offset)
  }

  /// The segments that are no longer part of the log, the oldest first.
  var retired: [ValueSegment] {
    places.withLockedValue { Array($0.retired.values) }.sorted { $0.sequence < $1.sequence }
  }

  /// Nothing that is durable points at a value of the segment any more.
  func drop(_ segment: ValueSegment) {
    segment.drop()
    places.withLockedValue { _ = $0.retired.removeValue(forKey: segment.sequence) }
  }

  private func findRetired() throws {
    for file in try disk.names() where file.hasPrefix(valuesPrefix) {
      guard let sequence = UInt64(file.dropFirst(valuesPrefix.count)) else { continue }
      let segment = try ValueSegment(sequence, file, on: disk, openSegments)
      places.withLockedValue { $0.retired[sequence] = segment }
    }
  }

  // MARK: Peers

  /// The data directories that peers were first met with.
  package var incarnations: [NodeID: UInt64] {
    writer.withLockedValue { $0?.head.incarnations ?? [:] }
  }

  /// Remembers for ever which data directory a peer was first met with.
  package func remember(_ peer: NodeID, incarnation: UInt64) async throws {
    try await NIOThreadPool.singleton.runIfActive { [self] in
      guard incarnations[peer] == nil else { return }
      try write([.peer(peer, incarnation: incarnation)])
    }
  }
}

extension LogRecord {
  fileprivate var isMark: Bool {
    switch self {
    case .snapshot, .beginning: true
    case .identity, .hardState, .entry, .peer, .end, .confirmed: false
    }
  }
}

extension LogFrame {
  /// The bytes of a frame that says these records.
  ///
  /// - Parameter starts: is given where the content of each record begins in them.
  fileprivate static func bytes(
    of records: [LogRecord], number: UInt64, salt: UInt64, _ starts: inout [Int]
  ) -> Bytes {
    let room = records.reduce(headerBytes + 64) { $0 + $1.contentCount + 64 }
    var writer = BinaryWriter(capacity: room)
    for _ in 0..<headerBytes { writer.write(byte: 0) }
    writer.write(list: records) { writer, record in
      record.encode(to: &writer)
      starts.append(writer.bytes.count - record.contentCount)
    }
    return sealed(writer.take(), number: number, salt: salt)
  }
}

extension Persist {
  /// What the log is told by the batch.
  fileprivate var records: [LogRecord] {
    var records: [LogRecord] = []
    if let snapshot { records.append(.snapshot(snapshot)) }
    if let hardState { records.append(.hardState(hardState)) }
    records += entries.map { .entry($0) }
    if let compaction { records.append(.beginning(compaction)) }
    records += confirmed.sorted { $0.key < $1.key }.map { .confirmed($0.key, $0.value) }
    return records
  }
}

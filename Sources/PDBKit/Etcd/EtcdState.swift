// The state as the operations of the model see it, on keys that were fetched from etcd; what they write
// waits here for the transaction that makes it durable.

import PDBCoordinator
import PDBModel

/// Something stands below the prefix that pdb did not write.
struct StrangeKey: Error {
  let place: Bytes
}

struct EtcdState: StateStorage {
  let layout: Layout
  private let fetched: FetchedKeys
  /// What is to be put below the prefix; `nil`: removed.
  private(set) var written = WrittenKeys()

  init(_ layout: Layout, _ fetched: FetchedKeys) {
    self.layout = layout
    self.fetched = fetched
  }

  // MARK: Places

  private func value(at place: Bytes) throws -> Bytes? {
    if let own = written[place] { return own }
    return try fetched.value(place)
  }

  /// Visits the places of a range in order, until `body` returns false.
  private func scan(_ range: KeyRange, _ body: (Bytes, Bytes) throws -> Bool) throws {
    var own = written.keys(in: range)
    var isOver = false
    func visitOwn(before place: Bytes?) throws {
      while !isOver, let next = own.first,
        place.map({ next.lexicographicallyPrecedes($0) }) != false
      {
        own.removeFirst()
        if let value = written[next] ?? nil { isOver = try !body(next, value) }
      }
    }
    try fetched.scan(range) { place, value in
      try visitOwn(before: place)
      guard !isOver else { return false }
      if own.first == place {
        own.removeFirst()
        if let value = written[place] ?? nil { isOver = try !body(place, value) }
      } else {
        isOver = try !body(place, value)
      }
      return !isOver
    }
    try visitOwn(before: nil)
  }

  /// The first place of a range.
  private func first(of range: KeyRange) throws -> (place: Bytes, value: Bytes)? {
    guard written.keys(in: range).isEmpty else {
      var found: (Bytes, Bytes)?
      try scan(range) { place, value in
        found = (place, value)
        return false
      }
      return found
    }
    guard let known = fetched.first(of: range) else {
      throw Unfetched(wanted: [.init(range, limit: 1)])
    }
    return known.map { ($0.key, $0.value) }
  }

  // MARK: Keys

  private func present(_ place: Bytes, _ value: Bytes) throws -> StoredValue {
    guard let stored = StoredRecord.decode(value) else { throw StrangeKey(place: place) }
    return stored
  }

  func get(_ key: Bytes) throws -> StoredValue? {
    let place = layout.present(key)
    if let own = written[place] { return try own.map { try present(place, $0) } }
    return try fetched.guess(place).map { try present(place, $0) }
  }

  func scan(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    if lower.starts(with: TaskKeys.numbers) || (upper?.starts(with: TaskKeys.numbers) ?? false) {
      return try scanNumbers(from: lower, to: upper, reversed: reversed, body)
    }
    guard reversed else {
      var goesOn = true
      for range in layout.present(from: lower, to: upper) where goesOn {
        try scan(range) { place, value in
          goesOn = try body(layout.key(ofPresent: place), present(place, value))
          return goesOn
        }
      }
      return
    }
    var pairs: [(Bytes, StoredValue)] = []
    try scan(from: lower, to: upper, reversed: false) { key, stored in
      pairs.append((key, stored))
      return true
    }
    for (key, stored) in pairs.reversed() { guard try body(key, stored) else { return } }
  }

  /// Numbers of tasks, in pieces: whoever visits numbers wants the tasks, too.
  private func scanNumbers(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    let newest = try get(TaskKeys.lastNumber)?.value.utf8String.flatMap { UInt64($0) } ?? 0
    var first = max(1, TaskKeys.number(atOrAfter: lower))
    var end = min(newest + 1, upper.map(TaskKeys.number(atOrAfter:)) ?? .max)
    var size: UInt64 = 128
    while first < end {
      let piece = reversed ? max(first, end - min(end, size))..<end : first..<min(end, first + size)
      if reversed { end = piece.lowerBound } else { first = piece.upperBound }
      size = min(size * 2, 1024)
      var numbers: [(Bytes, StoredValue)] = []
      let (low, high) = (TaskKeys.number(piece.lowerBound), TaskKeys.number(piece.upperBound))
      for range in layout.present(from: low, to: high) {
        try scan(range) { place, value in
          numbers.append((layout.key(ofPresent: place), try present(place, value)))
          return true
        }
      }
      let tasks = numbers.map { layout.present(TaskKeys.prefix + $0.1.value) }
      try need(tasks.filter { written[$0] == nil && !fetched.isKnown($0) }.map { .init($0) })
      for (key, stored) in reversed ? numbers.reversed() : numbers {
        guard try body(key, stored) else { return }
      }
    }
  }

  private func need(_ wanted: [Unfetched.Wanted]) throws {
    guard wanted.isEmpty else { throw Unfetched(wanted: wanted) }
  }

  func past(_ revision: UInt64) -> any StateView { EtcdPast(self, revision) }

  /// What a key held at a revision.
  func get(_ key: Bytes, at revision: UInt64) throws -> StoredValue? {
    let stored: StoredValue?
    if let version = try first(of: layout.versions(of: key, endingAfter: revision)) {
      stored = try self.version(version.place, version.value)
    } else {
      stored = try get(key)
    }
    return stored.flatMap { $0.revision <= revision ? $0 : nil }
  }

  private func version(_ place: Bytes, _ value: Bytes) throws -> StoredValue? {
    guard let stored = StoredRecord.decode(version: value) else { throw StrangeKey(place: place) }
    return stored
  }

  /// What the keys of a range held at a revision, in order.
  func scan(
    from lower: Bytes, to upper: Bytes?, at revision: UInt64,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    var found: [Bytes: StoredValue] = [:]
    try scan(from: lower, to: upper, reversed: false) { key, stored in
      if stored.revision <= revision { found[key] = stored }
      return true
    }
    var last: Bytes?
    try scan(layout.versions) { place, value in
      guard let (key, end) = layout.version(at: place) else { throw StrangeKey(place: place) }
      // The first that ended later is what was there.
      guard end > revision, key != last else { return true }
      last = key
      let isInRange =
        !key.lexicographicallyPrecedes(lower)
        && upper.map { key.lexicographicallyPrecedes($0) } != false
      if isInRange, let stored = try version(place, value), stored.revision <= revision {
        found[key] = stored
      }
      return true
    }
    for key in found.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      guard try body(key, found[key]!) else { return }
    }
  }

  // MARK: History

  private func history(_ place: Bytes, _ value: Bytes) throws -> HistoryRecord {
    guard let number = layout.number(of: place), let found = HistoryRecord(value, number: number)
    else { throw StrangeKey(place: place) }
    return found
  }

  func scanHistory(
    from first: UInt64, through last: UInt64, reversed: Bool,
    _ body: (RevisionRecord) throws -> Bool
  ) throws {
    guard first <= last else { return }
    guard reversed else {
      return try scan(layout.revisions(first, last)) { try body(history($0, $1).record) }
    }
    let mark = try mark
    var end = min(last, max(mark?.revision ?? 0, newestWritten))
    let begin = max(first, (mark?.compactedRevision ?? 0) + 1)
    var size: UInt64 = 32
    while end >= begin {
      let start = end - begin < size ? begin : end - size + 1
      var piece: [RevisionRecord] = []
      try scan(layout.revisions(start, end)) {
        piece.append(try history($0, $1).record)
        return true
      }
      for record in piece.reversed() { guard try body(record) else { return } }
      guard start > begin else { return }
      end = start - 1
      size = min(size * 2, 1024)
    }
  }

  /// How far the state was before what is written.
  private var mark: StateMark? {
    get throws { try value(at: layout.mark).flatMap(MarkRecord.init)?.mark }
  }

  /// The newest revision that was written and is not durable yet.
  private var newestWritten: UInt64 {
    written.keys(in: layout.revisions(0, .max)).last.flatMap(layout.number(of:)) ?? 0
  }

  func changes(of record: RevisionRecord, limit: Int) throws -> [KeyChange] {
    let place = layout.revision(record.number)
    guard let value = try value(at: place) else { return [] }
    let keys = try history(place, value).keys.prefix(limit)
    try needVersions(of: keys, around: record.number)
    return try keys.map { key in
      let before = layout.version(of: key, endedBy: record.number)
      let ended = try self.value(at: before).flatMap { try version(before, $0) }
      return KeyChange(
        key: key, before: ended, after: try get(key, at: record.number)?.value)
    }
  }

  /// Asks for all at once that tells what some revisions changed: whoever looks at one looks at others.
  private func needVersions(of keys: some Collection<Bytes>, around number: UInt64) throws {
    func wanted(_ key: Bytes, _ number: UInt64) -> [Unfetched.Wanted] {
      let (before, later) = (
        layout.version(of: key, endedBy: number), layout.versions(of: key, endingAfter: number)
      )
      var wanted: [Unfetched.Wanted] = []
      if written[before] == nil, !fetched.isKnown(before) { wanted.append(.init(before)) }
      guard written.keys(in: later).isEmpty else { return wanted }
      switch fetched.first(of: later) {
      case nil: wanted.append(.init(later, limit: 1))
      case .some(nil) where written[layout.present(key)] == nil:
        if !fetched.isKnown(layout.present(key)) { wanted.append(.init(layout.present(key))) }
      default: break
      }
      return wanted
    }
    var all = keys.flatMap { wanted($0, number) }
    guard !all.isEmpty else { return }
    let near = layout.revisions(number > 50 ? number - 50 : 0, number + 50)
    try? fetched.scan(near) { place, value in
      if let other = try? history(place, value), other.keys.count <= 10 {
        all += other.keys.flatMap { wanted($0, other.record.number) }
      }
      return all.count < 500
    }
    throw Unfetched(wanted: all)
  }

  func lastChange(of key: Bytes, before limit: UInt64) throws -> UInt64? {
    let all = layout.versions(of: key)
    let end = layout.version(of: key, endedBy: limit)
    var found: UInt64?
    try scan(KeyRange(all.lower, end)) { place, _ in
      found = layout.number(of: place)
      return true
    }
    return found
  }

  func scanKeys(
    from lower: Bytes, to upper: Bytes?, changedAfter first: UInt64, through last: UInt64,
    _ body: (Bytes) throws -> Bool
  ) throws {
    guard first < last else { return }
    let mark = try mark
    let keys =
      first < mark?.compactedRevision ?? 0
      ? try keysByVersions(changedAfter: first, through: last)
      : try keysByHistory(changedAfter: first, through: last)
    let wanted = keys.filter { key in
      !key.lexicographicallyPrecedes(lower)
        && upper.map { key.lexicographicallyPrecedes($0) } != false
    }
    for key in wanted.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      guard try body(key) else { return }
    }
  }

  private func keysByHistory(changedAfter first: UInt64, through last: UInt64) throws -> Set<Bytes>
  {
    var keys: Set<Bytes> = []
    try scan(layout.revisions(first + 1, last)) { place, value in
      keys.formUnion(try history(place, value).keys)
      return true
    }
    return keys
  }

  /// Where the history is forgotten, what tags keep tells.
  private func keysByVersions(changedAfter first: UInt64, through last: UInt64) throws -> Set<Bytes>
  {
    var keys: Set<Bytes> = []
    try scan(layout.versions) { place, _ in
      guard let (key, end) = layout.version(at: place) else { throw StrangeKey(place: place) }
      if end > first, end <= last { keys.insert(key) }
      return true
    }
    try scan(from: [], to: nil, reversed: false) { key, stored in
      if stored.revision > first, stored.revision <= last { keys.insert(key) }
      return true
    }
    return keys
  }

  // MARK: Writing

  mutating func append(_ revision: RecordedRevision) throws {
    let number = revision.record.number
    let history = HistoryRecord(revision.record, keys: revision.changes.map(\.key))
    written.write(layout.revision(number), history.encoded)
    for change in revision.changes {
      written.write(
        layout.version(of: change.key, endedBy: number),
        StoredRecord.encode(version: change.before))
      written.write(
        layout.present(change.key),
        change.after.map { StoredRecord.encode(StoredValue(value: $0, revision: number)) })
    }
  }

  mutating func putAside(_ key: Bytes, _ stored: StoredValue?) throws {
    written.write(layout.present(key), stored.map(StoredRecord.encode))
  }

  func prepare(toForget revisions: ClosedRange<UInt64>) throws {
    let range = layout.revisions(revisions.lowerBound, revisions.upperBound)
    var keys: Set<Bytes> = []
    try scan(range) { place, value in
      keys.formUnion(try history(place, value).keys)
      return true
    }
    try needVersions(of: keys)
  }

  /// Asks for what is known of no version of some keys, all at once.
  private func needVersions(of keys: some Sequence<Bytes>) throws {
    let ranges = keys.map { layout.versions(of: $0) }
    try need(
      ranges.filter { range in
        !fetched.isKnown(range) && fetched.first(of: range) == nil
      }.map { .init($0) })
  }

  mutating func forget(_ revision: Forgetting) throws -> UInt64 {
    let place = layout.revision(revision.number)
    guard let value = try value(at: place) else { return 0 }
    let forgotten = try history(place, value)
    try needVersions(of: forgotten.keys)
    for key in forgotten.keys { try removeSuperfluous(of: key, revision) }
    written.write(place, nil)
    return forgotten.record.byteCount
  }

  mutating func release(_ kept: Forgetting) throws {
    var keys: Set<Bytes> = []
    try scan(layout.versions) { place, _ in
      if let (key, end) = layout.version(at: place), end <= kept.number { keys.insert(key) }
      return true
    }
    for key in keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      try removeSuperfluous(of: key, kept)
    }
  }

  /// Removes the versions of a key that neither the history nor a tag needs.
  private mutating func removeSuperfluous(of key: Bytes, _ forgetting: Forgetting) throws {
    var versions: [(version: Forgetting.Version, place: Bytes?)] = []
    var lastEnd: UInt64?
    var isWhole = true
    try scan(layout.versions(of: key)) { place, value in
      guard let (_, end) = layout.version(at: place) else { throw StrangeKey(place: place) }
      let stored = try version(place, value)
      // Before the first of them there was nothing, or it is forgotten.
      let start = stored?.revision ?? lastEnd ?? 0
      versions.append((.init(revision: start, isTombstone: stored == nil), place))
      lastEnd = end
      // What began later stays in any case; one more tells where the last of them ends.
      isWhole = start <= forgetting.number
      return isWhole
    }
    if isWhole {
      let stored = try get(key)
      versions.append(
        (.init(revision: stored?.revision ?? lastEnd ?? 0, isTombstone: stored == nil), nil))
    }
    let removed = Set(forgetting.superfluous(among: versions.map(\.version)))
    for (version, place) in versions where removed.contains(version.revision) {
      if let place { written.write(place, nil) }
    }
  }

  // MARK: Requests

  func request(_ id: String) throws -> RememberedRequest? {
    let place = layout.request(id)
    guard let value = try written[place] ?? fetched.guess(place) else { return nil }
    guard let request = RequestRecord.decode(value, id: id) else { throw StrangeKey(place: place) }
    return request
  }

  mutating func remember(_ request: RememberedRequest) throws {
    written.write(layout.request(request.id), RequestRecord.encode(request))
    written.write(layout.requestNumber(request.index), RequestNumber(request).encoded)
  }

  mutating func removeRequests(through index: UInt64) throws -> ForgottenRequests? {
    var old: [(place: Bytes, request: RequestNumber)] = []
    try scan(layout.requestNumbers(through: index)) { place, value in
      guard let request = RequestNumber(value) else { throw StrangeKey(place: place) }
      old.append((place, request))
      return true
    }
    for (place, request) in old {
      written.write(place, nil)
      written.write(layout.request(request.id), nil)
    }
    guard let time = old.map(\.request.time).max(),
      let revision = old.map(\.request.revision).max()
    else { return nil }
    return ForgottenRequests(time: time, revision: revision)
  }

  func oldestRequest() throws -> RememberedRequest? {
    guard let (place, value) = try first(of: layout.requestNumbers(through: .max)) else {
      return nil
    }
    guard let number = RequestNumber(value) else { throw StrangeKey(place: place) }
    return try request(number.id)
  }
}

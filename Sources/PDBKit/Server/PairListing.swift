// Lists of pairs.

/// Pairs in the order of their keys.
struct PairListing: Listing {
  /// What of a pair is told.
  enum Form: Sendable {
    /// One object of all values: `/jobs`.
    case members
    /// A list of objects with key, value and revision: `/kv`.
    case objects
  }

  let form: Form
  var start: Bytes
  var end: Bytes?
  var hidesTasks = false
  /// How many pairs are still wanted.
  var limit = Int.max
  private var isFirst = true

  init(_ form: Form, from start: Bytes = SystemKeys.firstUserKey, to end: Bytes? = nil) {
    self.form = form
    self.start = start
    self.end = end
  }

  var head: StaticString { form == .members ? "{" : "{\"pairs\":[" }

  mutating func write(
    _ view: any StateView, to output: inout Bytes, upTo limit: Int
  ) throws -> Bool {
    guard self.limit > 0 else { return true }
    var isFull = false
    try view.scan(from: start, to: end, reversed: false) { key, stored in
      start = key + [0]
      if key.starts(with: SystemKeys.prefix) || (hidesTasks && stored.isTask(under: key)) {
        return true
      }
      if !isFirst { output.append(UInt8(ascii: ",")) }
      isFirst = false
      write(key, stored, to: &output)
      self.limit -= 1
      isFull = output.count >= limit
      return self.limit > 0 && !isFull
    }
    return !isFull || self.limit == 0
  }

  private func write(_ key: Bytes, _ stored: StoredValue, to output: inout Bytes) {
    switch form {
    case .members:
      JSON.string(key.utf8String ?? key.shown).write(to: &output)
      output.append(UInt8(ascii: ":"))
      JSON(stored: stored.value).write(to: &output)
    case .objects:
      let pair = Pair(key: key, value: stored.value, revision: stored.revision)
      JSON.object(pair.members).write(to: &output)
    }
  }

  func tail(_ mark: StateMark) -> String {
    form == .members ? "}" : "],\"revision\":\(mark.revision)}"
  }
}

// Keys that end must not end before their time.

import Linearizability

/// Each client has a key of its own that nobody else writes: what it reads there before the time is over must
/// be what it wrote last. Time is the client's monotonic clock, from before the write was sent.
enum LeaseCheck {
  static func problems(_ records: [Record]) -> [String] {
    var problems: [String] = []
    for records in Dictionary(grouping: records, by: \.client).values {
      var held: (key: String, value: RegisterValue, end: UInt64)?
      let ordered = records.sorted { $0.invoked < $1.invoked }
      // What is unknown may be made at any time from then on.
      let known = ordered.prefix { record in
        if case (.lease, .unknown) = (record.action, record.result) { false } else { true }
      }
      for record in known {
        switch (record.action, record.result) {
        case (.lease(let key, let value, let milliseconds), .answered(.pair)):
          held = (key, .text(value), record.invoked + milliseconds * 1_000_000)
        case (.read(let key), .answered(.pair(let value, _))):
          guard let held, held.key == key, record.returned < held.end, value != held.value else {
            continue
          }
          problems.append(
            "client \(record.client) read \(value.map { "\($0)" } ?? "nothing") from '\(key)' "
              + "\((held.end - record.returned) / 1_000_000) ms before \(held.value) was to end")
        default: break
        }
      }
    }
    return problems
  }
}

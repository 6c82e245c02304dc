// Where all clients of a round write down what happened.

import Foundation
import Synchronization

/// The records of a round.
final class History: Sendable {
  private let state = Mutex<[Record]>([])

  func add(_ record: Record) { state.withLock { $0.append(record) } }

  var records: [Record] { state.withLock { $0 } }

  /// One JSON object per line.
  func lines() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var data = Data()
    for record in records {
      data.append(try encoder.encode(record))
      data.append(UInt8(ascii: "\n"))
    }
    return data
  }
}

/// Tells tasks that it is time to stop, without cancelling what they are about.
final class StopSign: Sendable {
  private let state = Mutex(false)

  var isSet: Bool { state.withLock { $0 } }

  func set() { state.withLock { $0 = true } }
}

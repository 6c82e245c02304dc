// The time as HTTP writes it (RFC 9110, section 5.6.7).

import Foundation
import Synchronization

enum HTTPDate {
  private static let last = Mutex((second: 0, text: ""))

  /// The present second, written once.
  static var now: String {
    var now = time(nil)
    return last.withLock { last in
      if last.second != now {
        var parts = tm()
        gmtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        last = (now, String(decoding: bytes, as: UTF8.self))
      }
      return last.text
    }
  }
}

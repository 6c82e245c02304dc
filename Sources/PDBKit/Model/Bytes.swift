// Keys and values are bytes; strings exist only at the edges.

import Foundation

/// Raw bytes, ordered like `memcmp`. Never compared as `String`: Swift's strings treat
/// different byte sequences of the same letters as equal, which would merge two keys.
public typealias Bytes = [UInt8]

extension Bytes {
  package init(utf8 string: String) { self = Bytes(string.utf8) }

  /// RFC 4648, section 4.
  package var base64: String { Data(self).base64EncodedString() }

  /// - Returns: `nil` for a text that is no base64.
  package init?(base64 text: String) {
    guard let data = Data(base64Encoded: text) else { return nil }
    self.init(data)
  }

  /// The bytes as text if they are valid UTF-8.
  package var utf8String: String? { String(validating: self, as: UTF8.self) }

  /// The smallest bytes that sort after everything that starts with these; `nil` if there
  /// are none.
  package var prefixEnd: Bytes? {
    var end = self
    while let last = end.popLast() {
      if last < 0xFF { return end + [last + 1] }
    }
    return nil
  }
}

extension Bytes {
  /// Equality of long arrays: `==` compares them byte by byte.
  package func isSame(as other: Bytes) -> Bool {
    count == other.count
      && withUnsafeBytes { own in
        other.withUnsafeBytes { other in
          isEmpty || memcmp(own.baseAddress!, other.baseAddress!, own.count) == 0
        }
      }
  }

  /// Where other bytes, at least one, stand in these.
  ///
  /// - Parameter attempts: after so many places that only begin alike the search is given up.
  package func firstOffset(of other: Bytes, attempts: Int) -> Int? {
    withUnsafeBytes { own in
      other.withUnsafeBytes { other in
        guard let first = other.first, let start = own.baseAddress else { return nil }
        var offset = 0
        for _ in 0..<attempts {
          guard own.count - offset >= other.count,
            let found = memchr(start + offset, Int32(first), own.count - other.count - offset + 1)
          else { return nil }
          offset = UnsafeRawPointer(found) - start
          if memcmp(found, other.baseAddress!, other.count) == 0 { return offset }
          offset += 1
        }
        return nil
      }
    }
  }
}

extension UInt64 {
  /// Eight bytes that sort as the numbers do.
  package var bigEndianBytes: Bytes {
    (0..<8).map { UInt8(truncatingIfNeeded: self >> (56 - 8 * $0)) }
  }
}

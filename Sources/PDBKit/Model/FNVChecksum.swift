// The checksum of version 0.1, which nodes of that version still compare.

/// FNV-1a over 64 bits (draft-eastlake-fnv-21), finished with a mix so that sums of many
/// checksums spread well too.
package struct FNVChecksum {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  package init() {}

  package mutating func update(_ bytes: some Sequence<UInt8>) {
    let isContiguous: Void? = bytes.withContiguousStorageIfAvailable { update(contiguous: $0) }
    if isContiguous == nil { for byte in bytes { add(byte) } }
  }

  package mutating func update(_ value: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) {
      add(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
    }
  }

  private mutating func update(contiguous bytes: UnsafeBufferPointer<UInt8>) {
    for byte in bytes { add(byte) }
  }

  private mutating func add(_ byte: UInt8) {
    state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }

  package var value: UInt64 {
    var mixed = state
    mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    mixed = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    return mixed ^ (mixed >> 33)
  }
}

extension FNVChecksum {
  /// What tells a change from others that come under the same request id: what a node sees of it when it
  /// is sent over HTTP, so that it is the same on every way to the data.
  ///
  /// - Parameters:
  ///   - target: path and query, as in the request (RFC 9112, section 3.2).
  ///   - conditions: `If-Match` and `If-None-Match`, in this order; no text where there is none.
  package static func fingerprint(
    method: String, target: String, conditions: [String], body: Bytes
  ) -> UInt64 {
    var fingerprint = FNVChecksum()
    for part in [method, target] + conditions {
      fingerprint.update(UInt64(part.utf8.count))
      fingerprint.update(part.utf8)
    }
    fingerprint.update(body)
    return fingerprint.value
  }
}

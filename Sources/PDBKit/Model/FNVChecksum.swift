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

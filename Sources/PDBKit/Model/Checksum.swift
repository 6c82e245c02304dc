// A fast checksum against accidents; not against attackers.

import CXXHash

/// XXH3 over 64 bits, part by part: the checksum of each part is the seed of the next.
package struct Checksum {
  package private(set) var value: UInt64

  /// - Parameter seed: what sets this checksum apart from others of the same bytes.
  package init(seed: UInt64 = 0) { value = seed }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    value = pdb_xxh3(bytes.baseAddress, bytes.count, value)
  }

  package mutating func update(_ bytes: Bytes) {
    bytes.withUnsafeBytes { update($0) }
  }

  package mutating func update(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { update($0) }
  }
}

// What scripts are read from: bytes that a fuzzer or a generator of random numbers has made.

package import PDBModel

/// Turns bytes into choices, one after the other. When there are no more, each choice is the first one,
/// so every input is a script, and a small change of it is mostly a small change of what happens.
package struct ScriptBytes {
  private let bytes: Bytes
  private var position = 0

  package init(_ bytes: Bytes) { self.bytes = bytes }

  package var isAtEnd: Bool { position == bytes.count }

  mutating func byte() -> UInt8 {
    guard position < bytes.count else { return 0 }
    defer { position += 1 }
    return bytes[position]
  }

  /// A number less than `count`, which is 256 at most.
  package mutating func below(_ count: Int) -> Int { Int(byte()) % count }

  /// Rarely true: where the script is at its end it is not.
  package mutating func isRare() -> Bool { byte() % 16 == 15 }

  mutating func flag() -> Bool { byte() & 1 == 1 }

  /// Any number.
  mutating func number() -> UInt64 {
    (0..<8).reduce(0) { number, _ in number << 8 | UInt64(byte()) }
  }

  mutating func element<T>(of choices: [T]) -> T { choices[below(choices.count)] }

  /// Any bytes, `count` at most.
  mutating func bytes(upTo count: Int) -> Bytes {
    let count = min(below(count + 1), bytes.count - position)
    defer { position += count }
    return Bytes(bytes[position..<position + count])
  }

  /// The same bytes, or mostly the same.
  mutating func mutated(_ bytes: Bytes) -> Bytes {
    guard isRare(), !bytes.isEmpty else { return bytes }
    var bytes = bytes
    let place = Int(number() % UInt64(bytes.count))
    switch below(4) {
    case 0: bytes[place] ^= 1 << UInt8(below(8))
    case 1: bytes[place] = byte()
    case 2: bytes.removeLast(bytes.count - place)
    default: bytes.insert(contentsOf: self.bytes(upTo: 16), at: place)
    }
    return bytes
  }
}

// What operations have written and etcd does not have yet.

import PDBModel

/// Keys, and what is to become of each: its value, or `nil` where it is to be removed.
struct WrittenKeys {
  private(set) var all: [Bytes: Bytes?] = [:]
  private var order = Order()

  /// The keys in order. Copies share it until one of them adds a key.
  private final class Order {
    private var sorted: [Bytes] = []
    /// What came since somebody asked for them in order.
    private var added: [Bytes] = []

    func add(_ key: Bytes) { added.append(key) }

    func copy() -> Order {
      let copy = Order()
      (copy.sorted, copy.added) = (sorted, added)
      return copy
    }

    /// In order; what was added since the last time is put in its place.
    var keys: [Bytes] {
      if added.count <= Self.few {
        for key in added { sorted.insert(key, at: position(of: key)) }
      } else {
        sorted = (sorted + added).sorted { $0.lexicographicallyPrecedes($1) }
      }
      added = []
      return sorted
    }

    /// So many are put in their places one by one.
    private static let few = 16

    private func position(of key: Bytes) -> Int {
      sorted.partitioningIndex { !$0.lexicographicallyPrecedes(key) }
    }
  }

  var isEmpty: Bool { all.isEmpty }

  /// What was written for a key; the first `nil` says that nothing was.
  subscript(_ key: Bytes) -> Bytes?? { all[key] }

  mutating func write(_ key: Bytes, _ value: Bytes?) {
    guard all.updateValue(value, forKey: key) == nil else { return }
    if !isKnownUniquelyReferenced(&order) { order = order.copy() }
    order.add(key)
  }

  /// The keys within a range, in order.
  func keys(in range: KeyRange) -> ArraySlice<Bytes> {
    guard !all.isEmpty else { return [] }
    let keys = order.keys
    let first = keys.partitioningIndex { !$0.lexicographicallyPrecedes(range.lower) }
    let last = keys.partitioningIndex { !$0.lexicographicallyPrecedes(range.upper) }
    return keys[first..<max(first, last)]
  }
}

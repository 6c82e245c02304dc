// Simulated time: what will happen, and when.

/// A point in simulated time. A tick of a node is ``Schedule/tick`` of them.
package typealias Time = UInt64

/// Things to come, in the order of time; what is due at the same time happens in the order in
/// which it was scheduled.
struct Schedule<Happening> {
  /// One tick of a node's clock, in units of simulated time.
  static var tick: Time { 100 }

  private struct Place {
    let time: Time
    let order: UInt64
    let slot: Int

    func precedes(_ other: Place) -> Bool { (time, order) < (other.time, other.order) }
  }

  /// A binary heap of places; the happenings themselves stay where they are.
  private var heap: [Place] = []
  private var slots: [Happening?] = []
  private var freeSlots: [Int] = []
  private var order: UInt64 = 0
  private(set) var now: Time = 0

  var isEmpty: Bool { heap.isEmpty }

  mutating func add(_ happening: Happening, after delay: Time) {
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = free
      slots[slot] = happening
    } else {
      slot = slots.count
      slots.append(happening)
    }
    order += 1
    heap.append(Place(time: now + delay, order: order, slot: slot))
    siftUp()
  }

  /// Moves time on to the next happening.
  mutating func next() -> Happening? {
    guard let first = heap.first else { return nil }
    now = first.time
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      siftDown()
    }
    defer {
      slots[first.slot] = nil
      freeSlots.append(first.slot)
    }
    return slots[first.slot]
  }

  private mutating func siftUp() {
    var child = heap.count - 1
    let place = heap[child]
    while child > 0 {
      let parent = (child - 1) / 2
      guard place.precedes(heap[parent]) else { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = place
  }

  private mutating func siftDown() {
    var parent = 0
    let place = heap[0]
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(place) else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = place
  }
}

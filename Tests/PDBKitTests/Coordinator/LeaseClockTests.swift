// The lease time between two records of it.

import Testing

@testable import PDBCoordinator
@testable import PDBModel

@Suite struct LeaseClockTests {
  private func mark(_ time: UInt64) -> LeaseMark {
    var mark = LeaseMark()
    mark.time = time
    return mark
  }

  @Test func `it goes on from what was recorded, by ticks`() {
    let clock = LeaseClock(mark(1000), at: 5)
    #expect(clock.time(at: 5) == 1000)
    #expect(clock.time(at: 15) == 1000 + 10 * UInt64(Tick.milliseconds))
  }

  @Test func `a follower's clock is set by each record, also back`() {
    var clock = LeaseClock(mark(1000), at: 0)
    clock.note(mark(1040), at: 10, isOwn: false)
    #expect(clock.time(at: 10) == 1040)
    // The same record again says nothing new.
    clock.note(mark(1040), at: 20, isOwn: false)
    #expect(clock.time(at: 20) == 1140)
  }

  @Test func `a leader's clock is not set back by its own records, but by none ahead of it outrun`()
  {
    var clock = LeaseClock(mark(1000), at: 0)
    clock.note(mark(1050), at: 10, isOwn: true)
    #expect(clock.time(at: 10) == 1100)
    clock.note(mark(5000), at: 20, isOwn: true)
    #expect(clock.time(at: 20) == 5000)
  }

  @Test func `a mark keeps the lease time from the version on that knows it`() throws {
    var mark = StateMark()
    mark.version = .leases
    (mark.lease.time, mark.lease.next) = (7, 9)
    mark.lease.stamp = Timestamp(milliseconds: 3)
    #expect(try StateMark(decoding: mark.encoded()) == mark)
    mark.version = .skips
    #expect(try StateMark(decoding: mark.encoded()).lease == LeaseMark())
  }
}

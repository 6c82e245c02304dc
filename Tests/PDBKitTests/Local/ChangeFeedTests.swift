// New revisions on their way to listeners, without a node.

import Testing

@testable import PDBLocal
@testable import PDBModel
@testable import PDBStore

@Suite(.timeLimit(.minutes(10))) struct ChangeFeedTests {
  private func revisions(_ numbers: ClosedRange<UInt64>, bytes: Int = 1) -> [RecordedRevision] {
    numbers.map { number in
      let change = KeyChange(
        key: Bytes(utf8: "k"), before: nil, after: Bytes(repeating: 0x31, count: bytes))
      let record = RevisionRecord(
        number: number, at: LogPosition(index: number, term: 1),
        stamp: Stamp(time: Timestamp(milliseconds: 0), author: "an", request: nil),
        operation: "kv set", of: [change])
      return RecordedRevision(record, [change])
    }
  }

  private func numbers(_ next: ChangeFeed.Next) -> [UInt64]? {
    if case .items(let items) = next { items.map(\.made.record.number) } else { nil }
  }

  private func next(_ listener: ChangeFeed.Listener, after last: UInt64) async -> ChangeFeed.Next {
    await listener.wait(after: last)
    return listener.next(after: last)
  }

  @Test func `a listener is handed what it lacks, once it is there`() async {
    let feed = ChangeFeed(last: 7)
    let listener = feed.listen()
    guard case .nothing = listener.next(after: 7) else {
      Issue.record("there is nothing yet")
      return
    }
    async let heardNext = next(listener, after: 7)
    feed.publish(revisions(8...9))
    // It may have asked before the first of them or after.
    let heard = numbers(await heardNext) ?? []
    #expect(heard == [8, 9])
    #expect(numbers(await next(listener, after: 8)) == [9])
  }

  @Test func `what came before there was a listener must be read elsewhere`() async {
    let feed = ChangeFeed(last: 0)
    feed.publish(revisions(1...5))
    let listener = feed.listen()
    guard case .behind = await next(listener, after: 2) else {
      Issue.record("1 to 5 are not kept")
      return
    }
    feed.publish(revisions(6...6))
    #expect(numbers(await next(listener, after: 5)) == [6])
    guard case .behind = await next(listener, after: 4) else {
      Issue.record("5 is not kept")
      return
    }
  }

  @Test func `no more is kept than fits`() async {
    let feed = ChangeFeed(last: 0)
    let listener = feed.listen()
    for number in 1...UInt64(64) { feed.publish(revisions(number...number, bytes: 256 << 10)) }
    guard case .behind = await next(listener, after: 0) else {
      Issue.record("16 MiB are kept")
      return
    }
    #expect(numbers(await next(listener, after: 63)) == [64])
  }

  @Test func `a state that takes the place of another one leaves no gap unnoticed`() async {
    let feed = ChangeFeed(last: 0)
    let listener = feed.listen()
    feed.publish(revisions(1...3))
    feed.reset(to: 100)
    guard case .behind = await next(listener, after: 3) else {
      Issue.record("4 to 100 are not kept")
      return
    }
    feed.publish(revisions(101...101))
    #expect(numbers(await next(listener, after: 100)) == [101])
  }

  @Test func `a pulse, the end, and cancellation wake a listener`() async {
    let feed = ChangeFeed(last: 0)
    let listener = feed.listen()
    let pulsing = Task {
      while !Task.isCancelled {
        feed.pulse()
        await Task.yield()
      }
    }
    guard case .nothing = await next(listener, after: 0) else {
      Issue.record("a pulse brings nothing")
      return
    }
    pulsing.cancel()
    await pulsing.value
    let waiting = Task { await next(listener, after: 0) }
    waiting.cancel()
    _ = await waiting.value
    feed.end()
    guard case .ended = await next(listener, after: 0) else {
      Issue.record("there is nothing after the end")
      return
    }
  }

  @Test func `a filter passes over what is of no interest, and says how far it came`() {
    var batch = EventBatch(HistoryFilter(author: "bình"))
    for revision in revisions(1...3) { batch.add(Revision(revision)) }
    #expect(batch.all == [.position(3)])
    var other = EventBatch(HistoryFilter(key: Bytes(utf8: "k")))
    for revision in revisions(1...2) { other.add(Revision(revision)) }
    #expect(other.all.map(\.revision) == [1, 2])
  }
}

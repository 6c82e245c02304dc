// Looking back, the same on every store.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  /// What every store keeps of the past.
  @Suite struct PastContractTests {
    private static func key(_ name: String) -> Bytes { Bytes(name.utf8) }

    private static func set(_ name: String, _ value: JSON) -> Change {
      .set(NewPair(key: key(name), value: value.serialized()), .none, .spare)
    }

    private static func code(_ body: () async throws -> Void) async -> PDBError.Code? {
      do {
        try await body()
        return nil
      } catch { return (error as? PDBError)?.code }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `every revision is read as it was`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let a = Self.key("a")
        try await store.apply(Self.set("a", 1))
        try await store.apply(Self.set("a", 2))
        try await store.apply(.addTasks([Title("Việc")]))
        try await store.apply(.delete([a], .none))
        try await store.apply(.editTask(TaskReference("1"), TaskEdit(completed: true), .none))
        func value(_ moment: Moment) async throws -> Bytes? {
          try await store.get(a, at: moment).value?.value
        }
        #expect(try await value(.revision(0)) == nil)
        #expect(try await value(.revision(1)) == [0x31])
        #expect(try await value(.past(RevisionName(.newest, back: 2))) == [0x32])
        #expect(try await value(.past(.newest)) == nil)
        let earlier = try await store.get(a, at: .revision(3))
        #expect(earlier.revision == 3 && earlier.value?.revision == 2)
        let pairs = try await store.pairs(PairQuery(), at: .revision(3))
        #expect(try await pairs.all().map(\.key) == [a] && pairs.revision == 3)
        #expect(try await store.export(prefix: [], at: .revision(3)).all().count == 2)
        let active = TaskQuery(isCompleted: false)
        #expect(try await store.tasks(active, at: .revision(4)).all().map(\.task.number) == [1])
        #expect(try await store.tasks(active, at: .now).all().isEmpty)
        #expect(try await store.tasks(TaskQuery(), at: .revision(2)).all().isEmpty)
        let task = try await store.task(TaskReference("1"), at: .revision(3))
        #expect(!task.value.task.completed && task.revision == 3)
        let page = try await store.history(HistoryQuery(), at: .revision(2))
        #expect(page.revisions.map(\.number) == [2, 1] && page.revision == 2)
        for name in [RevisionName.number(6), RevisionName(.newest, back: 6)] {
          let code = await Self.code { _ = try await store.get(a, at: .past(name)) }
          #expect(code == .revisionNotFound, "\(name)")
        }
        let backup = await Self.code { _ = try await store.backup(at: .revision(1)) }
        #expect(backup == .notSupported)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a time means the last revision that was made by then`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        try await store.apply(Self.set("a", 1))
        let first = try await store.revision(1, at: .now).value.time
        let later = try await waitFor { () -> Timestamp? in
          let now = Timestamp.now
          return now > first ? now : nil
        }
        _ = try await waitFor { Timestamp.now > later ? true : nil }
        try await store.apply(Self.set("a", 2))
        func value(_ milliseconds: Int64) async throws -> Bytes? {
          let time = Timestamp(milliseconds: milliseconds)
          return try await store.get(Self.key("a"), at: .past(RevisionName(.time(time)))).value?
            .value
        }
        #expect(try await value(first.milliseconds - 1) == nil)
        #expect(try await value(first.milliseconds) == [0x31])
        #expect(try await value(later.milliseconds) == [0x31])
        #expect(try await value(later.milliseconds + 3_600_000) == [0x32])
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `two states are compared in either direction`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        try await store.apply(Self.set("a", 1))
        try await store.apply(Self.set("b", 1))
        try await store.apply(Self.set("a", 2))
        try await store.apply(Self.set("c:x", 1))
        try await store.apply(.delete([Self.key("b")], .none))
        // There and back again is no difference.
        try await store.apply(Self.set("d", 1))
        try await store.apply(.delete([Self.key("d")], .none))
        func differences(_ query: DifferenceQuery) async throws -> [Revision.KeyChange] {
          try await store.differences(query, at: .now).changes.all()
        }
        let forwards: [Revision.KeyChange] = [
          .init(key: Self.key("a"), before: [0x31], after: [0x32]),
          .init(key: Self.key("b"), before: [0x31], after: nil),
          .init(key: Self.key("c:x"), before: nil, after: [0x31]),
        ]
        #expect(try await differences(DifferenceQuery(from: .number(2))) == forwards)
        let backwards = try await differences(DifferenceQuery(from: .newest, to: .number(2)))
        #expect(
          backwards
            == forwards.map { .init(key: $0.key, before: $0.after, after: $0.before) })
        let some = DifferenceQuery(from: .number(0), prefix: Self.key("c:"))
        #expect(try await differences(some) == [forwards[2]])
        #expect(try await differences(DifferenceQuery(from: .number(5), to: .newest)).isEmpty)
        let found = try await store.differences(DifferenceQuery(from: .number(2)), at: .now)
        #expect(found.from == 2 && found.to == 7 && found.changes.revision == 7)
        let unknown = await Self.code { _ = try await differences(.init(from: .number(8))) }
        #expect(unknown == .revisionNotFound)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a tag names a revision until it is moved or removed`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let tag = try TagName("phát-hành/1")
        let moment = Moment.past(RevisionName(.tag(tag)))
        try await store.apply(Self.set("a", 1))
        let made = try await store.apply(.tag(tag, .newest, replace: false))
        #expect(made.answer == .tagged(Tag(tag, revision: 1)) && made.revision == 2)
        try await store.apply(Self.set("a", 2))
        func value() async throws -> Bytes? {
          try await store.get(Self.key("a"), at: moment).value?.value
        }
        #expect(try await value() == [0x31])
        #expect(try await store.tags(at: .now).value == [Tag(tag, revision: 1)])
        #expect(try await store.tags(at: .revision(1)).value.isEmpty)
        let taken = await Self.code {
          try await store.apply(.tag(tag, .number(3), replace: false))
        }
        #expect(taken == .conflict)
        try await store.apply(.tag(tag, .number(3), replace: true))
        #expect(try await value() == [0x32])
        try await store.apply(.undo(4))
        #expect(try await value() == [0x31])
        #expect(try await store.apply(.removeTag(tag)).answer == .removed(1))
        #expect(await Self.code { _ = try await value() } == .revisionNotFound)
        #expect(await Self.code { try await store.apply(.removeTag(tag)) } == .revisionNotFound)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `what a tag holds is kept when its revision is forgotten`(
      kind: StoreUnderTest
    ) async throws {
      try await kind.run { store in
        let tag = try TagName("kept")
        for value in 1...3 { try await store.apply(Self.set("a", .number("\(value)"))) }
        try await store.apply(Self.set("b", 1))
        try await store.apply(.addTasks([Title("Việc")]))
        try await store.apply(.tag(tag, .newest, replace: false))
        try await store.apply(.delete([Self.key("b"), Self.key("a")], .none))
        try await store.apply(.removeTask(TaskReference("1"), .none))
        try await store.apply(.setSetting(.historyRevisions, value: "4"))
        for value in 1...60 { try await store.apply(Self.set("z", .number("\(value)"))) }
        let compacted = try await store.history(HistoryQuery(), at: .now).compacted
        #expect(compacted > 9)
        #expect(
          await Self.code { _ = try await store.get(Self.key("a"), at: .revision(4)) }
            == .revisionNotFound)
        for moment in [Moment.past(RevisionName(.tag(tag))), .revision(5)] {
          #expect(try await store.get(Self.key("a"), at: moment).value?.value == [0x33])
          #expect(try await store.get(Self.key("b"), at: moment).value?.value == [0x31])
          #expect(try await store.tasks(TaskQuery(), at: moment).all().count == 1)
        }
        #expect(try await store.get(Self.key("a"), at: .now).value == nil)
        let changed = try await store.apply(
          .restore(RevisionName(.tag(tag)), prefix: [])
        ).answer
        #expect(changed == .changed(4))
        #expect(try await store.get(Self.key("a"), at: .now).value?.value == [0x33])
        #expect(try await store.task(TaskReference("1"), at: .now).value.task.title == "Việc")
        // Once the tag is gone nothing holds it, and it cannot come back.
        let removed = try await store.apply(.removeTag(tag)).revision
        #expect(
          await Self.code { _ = try await store.get(Self.key("a"), at: .revision(5)) }
            == .revisionNotFound)
        #expect(await Self.code { try await store.apply(.undo(removed)) } == .conflict)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `keys go back to what they were, by one change`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        try await store.apply(Self.set("k:a", 1))
        try await store.apply(.addTasks([Title("một"), Title("hai")]))
        try await store.apply(Self.set("k:a", 2))
        try await store.apply(Self.set("k:b", 1))
        try await store.apply(Self.set("other", 1))
        try await store.apply(.removeTask(TaskReference("2"), .none))
        try await store.apply(.addTasks([Title("ba")]))
        let some = try await store.apply(.restore(.number(2), prefix: Self.key("k:")))
        #expect(some.answer == .changed(2) && some.revision == 8)
        #expect(try await store.get(Self.key("k:a"), at: .now).value?.value == [0x31])
        #expect(try await store.get(Self.key("k:b"), at: .now).value == nil)
        #expect(try await store.get(Self.key("other"), at: .now).value != nil)
        let nothing = try await store.apply(.restore(.number(2), prefix: Self.key("k:")))
        #expect(nothing.answer == .changed(0) && nothing.revision == 8)
        try await store.apply(.restore(.number(2), prefix: []))
        let tasks = try await store.tasks(TaskQuery(), at: .now).all().map(\.task)
        #expect(tasks.map(\.title) == ["hai", "một"] && tasks.map(\.number) == [2, 1])
        #expect(try await store.task(TaskReference("2"), at: .now).value.task.title == "hai")
        // Numbers are never given again.
        #expect(try await store.apply(.addTasks([Title("bốn")])).answer.tasks[0].task.number == 4)
        try await store.apply(.undo(9))
        #expect(try await store.get(Self.key("other"), at: .now).value?.value == [0x31])
        #expect(try await store.task(TaskReference("3"), at: .now).value.task.title == "ba")
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `undos are taken back one by one, until something else is changed`(
      kind: StoreUnderTest
    ) async throws {
      try await kind.run { store in
        func value() async throws -> String? {
          try await store.get(Self.key("a"), at: .now).value?.value.utf8String
        }
        for value in 1...3 { try await store.apply(Self.set("a", .number("\(value)"))) }
        #expect(await Self.code { try await store.apply(.redo) } == .revisionNotFound)
        try await store.apply(.undo(nil))
        try await store.apply(.undo(nil))
        #expect(try await value() == "1")
        #expect(try await store.apply(.redo).answer.undone?.revision == 5)
        #expect(try await value() == "2")
        try await store.apply(.redo)
        #expect(try await value() == "3")
        #expect(await Self.code { try await store.apply(.redo) } == .revisionNotFound)
        // What came back can be undone again.
        try await store.apply(.undo(nil))
        #expect(try await value() == "2")
        // What others do does not matter, what I do does.
        _ = try await store.apply(Self.set("b", 1), from: Origin(author: "bình"))
        try await store.apply(.redo)
        #expect(try await value() == "3")
        try await store.apply(.undo(nil))
        try await store.apply(Self.set("c", 1))
        #expect(await Self.code { try await store.apply(.redo) } == .revisionNotFound)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a transaction is made as a whole, each step on what came before`(
      kind: StoreUnderTest
    ) async throws {
      try await kind.run { store in
        let (a, b) = (Self.key("a"), Self.key("b"))
        let made = try await store.apply(
          .transaction([
            .change(Self.set("a", 5)), .change(.increment(a, by: 2)), .get(a, .none),
            .change(.addTasks([Title("một")])), .get(b, .absent),
            .change(.editTask(TaskReference("1"), TaskEdit(completed: true), .none)),
            .change(Self.set("gone", 1)), .change(.delete([Self.key("gone")], .none)),
          ]), from: Origin(request: .init("t1")))
        #expect(made.revision == 1)
        let steps = made.answer.steps
        #expect(steps.count == 8 && steps[1].pair?.value == [0x37])
        #expect(steps[2] == .found(Pair(key: a, value: [0x37], revision: 1)))
        #expect(steps[4] == .found(nil) && steps[7] == .removed(1))
        #expect(steps[5].tasks.map(\.task.completed) == [true])
        let revision = try await store.revision(1, at: .now).value
        #expect(revision.operation == "txn" && revision.changes.count == 2)
        // The same request again is the same transaction.
        let again = try await store.apply(
          .transaction([
            .change(Self.set("a", 5)), .change(.increment(a, by: 2)), .get(a, .none),
            .change(.addTasks([Title("một")])), .get(b, .absent),
            .change(.editTask(TaskReference("1"), TaskEdit(completed: true), .none)),
            .change(Self.set("gone", 1)), .change(.delete([Self.key("gone")], .none)),
          ]), from: Origin(request: .init("t1")))
        #expect(again.revision == 1 && again.answer.steps.count == 8)
        let tag = try TagName("t")
        for (refused, code) in [
          (.get(a, .revision(9)), .conflict), (.get(a, .absent), .conflict),
          (.change(.delete([Self.key("none")], .none)), .keyNotFound),
          (.change(.append(a, [[0x31]])), .notAList),
          (.change(.removeTask(TaskReference("9"), .none)), .taskNotFound),
          (.change(.undo(1)), .badRequest), (.change(.removeTag(tag)), .badRequest),
        ] as [(TransactionStep, PDBError.Code)] {
          do {
            try await store.apply(.transaction([.change(Self.set("b", 1)), refused]))
            Issue.record("\(refused) was made")
          } catch let error as PDBError {
            #expect(error.code == code && error.outcome == .notApplied, "\(refused): \(error)")
          }
        }
        #expect(try await store.get(b, at: .now).value == nil)
        #expect(await Self.code { try await store.apply(.transaction([])) } == .badRequest)
        try await store.apply(.undo(1))
        #expect(try await store.get(a, at: .now).value == nil)
        #expect(try await store.tasks(TaskQuery(), at: .now).all().isEmpty)
      }
    }

    @Test(arguments: StoreUnderTest.countingTime)
    func `a key with a time ends after it, and not before`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let (a, b) = (Self.key("a"), Self.key("b"))
        func pair(_ key: Bytes) -> NewPair { NewPair(key: key, value: [0x31]) }
        let begin = ContinuousClock.now
        let set = try await store.apply(
          .setExpiring(pair(a), after: .milliseconds(400), .absent, .spare))
        #expect(set.answer.pair?.revision == 1)
        try await store.apply(.setExpiring(pair(b), after: .seconds(600), .none, .spare))
        let found = try #require(try await store.get(a, at: .now).value)
        #expect(found.remaining.map { $0 <= .milliseconds(400) } == true)
        #expect(
          try await store.get(b, at: .now).value?.remaining.map { $0 > .seconds(500) } == true)
        // It counts, but its value and its revision stay.
        try await store.apply(.increment(b, by: 1))
        #expect(try await store.get(b, at: .now).value?.remaining != nil)
        let touched = try await store.apply(.touch(b, after: .seconds(1000), .revision(3)))
        #expect(touched.revision == 3 && touched.answer.pair?.value == [0x32])
        #expect(
          try await store.get(b, at: .now).value?.remaining.map { $0 > .seconds(900) } == true)
        _ = try await waitFor { try await store.get(a, at: .now).value == nil ? true : nil }
        #expect(begin.duration(to: .now) >= .milliseconds(400))
        let ended = try await store.revision(4, at: .now).value
        #expect(ended.operation == "kv expire" && ended.changes.map(\.key) == [a])
        // An undo brings it back, and for good.
        try await store.apply(.undo(4))
        #expect(try await store.get(a, at: .now).value?.remaining == nil)
        #expect(try await store.get(a, at: .now).value?.value == [0x31])
        try await store.apply(.touch(b, after: nil, .none))
        #expect(try await store.get(b, at: .now).value?.remaining == nil)
        try await store.apply(.touch(b, after: .seconds(600), .none))
        try await store.apply(Self.set("b", 7))
        #expect(try await store.get(b, at: .now).value?.remaining == nil)
        for (change, code) in [
          (.touch(Self.key("none"), after: .seconds(1), .none), .keyNotFound),
          (.touch(b, after: .seconds(1), .revision(1)), .conflict),
          (.touch(b, after: .milliseconds(1), .none), .badRequest),
          (.setExpiring(pair(a), after: .seconds(1), .absent, .spare), .conflict),
          (.setExpiring(pair(a), after: .seconds(1_000_000_000), .none, .spare), .badRequest),
        ] as [(Change, PDBError.Code)] {
          #expect(await Self.code { try await store.apply(change) } == code, "\(change)")
        }
      }
    }

    @Test(arguments: StoreUnderTest.countingTime)
    func `a lock has one holder, whose token is greater than those before`(
      kind: StoreUnderTest
    ) async throws {
      try await kind.run { store in
        let db = Database(store)
        let inside = Locked(0)
        let tokens = Locked<[UInt64]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<4 {
            group.addTask {
              for _ in 0..<3 {
                try await db.withLock("l", for: .seconds(5)) { token in
                  inside.change { $0 += 1 }
                  #expect(inside.value == 1)
                  tokens.change { $0.append(token) }
                  _ = try await store.apply(.increment(Self.key("n"), by: 1))
                  inside.change { $0 -= 1 }
                }
              }
            }
          }
          try await group.waitForAll()
        }
        let all = tokens.value
        #expect(all.count == 12 && all == all.sorted() && Set(all).count == 12)
        // One that gives no sign of life loses it.
        let dead = try await HeldLock.take("l", in: store, for: .milliseconds(500))
        let begin = ContinuousClock.now
        var next = try await HeldLock.take("l", in: store, for: .seconds(5))
        #expect(next.token > dead.token && begin.duration(to: .now) >= .milliseconds(300))
        var late = dead
        #expect(await Self.code { try await late.keep() } == .conflict)
        await late.release()
        try await next.keep()
        let refused = await Self.code {
          _ = try await HeldLock.take("l", in: store, until: .now + .milliseconds(100))
        }
        #expect(refused == .conflict)
        await next.release()
        #expect(try await store.get(HeldLock.key("l"), at: .now).value == nil)
        // What is stolen ends the work.
        let lost = await Self.code {
          try await db.withLock("l", for: .milliseconds(600)) { _ in
            _ = try await store.apply(.delete([HeldLock.key("l")], .none))
            try await Task.sleep(for: .seconds(60))
          }
        }
        #expect(lost == .conflict)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `the history is searched by text, time and prefix`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        try await store.apply(Self.set("u:lan", "Lan"))
        try await store.apply(Self.set("u:lan", "Lan và Bình"))
        try await store.apply(Self.set("u:minh", "Bình và Lan"))
        try await store.apply(Self.set("u:minh", "Lan, rồi Bình"))
        try await store.apply(.delete([Self.key("u:lan")], .none))
        func found(_ filter: HistoryFilter) async throws -> [UInt64] {
          try await store.history(HistoryQuery(filter: filter), at: .now).revisions.map(\.number)
        }
        #expect(try await found(HistoryFilter(text: "Bình")) == [5, 3, 2])
        #expect(try await found(HistoryFilter(key: Self.key("u:minh"), text: "Lan")) == [3])
        #expect(try await found(HistoryFilter(text: "Hoa")).isEmpty)
        let times = try await store.history(HistoryQuery(), at: .now).revisions.map(\.time)
        #expect(try await found(HistoryFilter(since: times[4])).count == 5)
        let after = Timestamp(milliseconds: times[0].milliseconds + 1)
        #expect(try await found(HistoryFilter(since: after)).isEmpty)
        #expect(try await found(HistoryFilter(until: after)) == [5, 4, 3, 2, 1])
        let before = Timestamp(milliseconds: times[4].milliseconds - 1)
        #expect(try await found(HistoryFilter(until: before)).isEmpty)
      }
    }
  }
}

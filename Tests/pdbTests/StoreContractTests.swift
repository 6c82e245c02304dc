// What every store promises: the same words, the same answers, wherever the data are.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct StoreContractTests {
    private static let title = "Học Python"

    private static func key(_ text: String) -> Bytes { Bytes(text.utf8) }

    private static func pair(_ key: String, _ value: JSON) -> NewPair {
      NewPair(key: Bytes(key.utf8), value: value.serialized())
    }

    /// The code and the outcome of what `body` throws.
    private static func failure(
      _ body: () async throws -> Void
    ) async -> (code: PDBError.Code, outcome: PDBError.Outcome)? {
      do {
        try await body()
        return nil
      } catch let error as PDBError { return (error.code, error.outcome) } catch {
        Issue.record("\(error) is no error of a store")
        return nil
      }
    }

    // MARK: Tasks

    @Test(arguments: StoreUnderTest.allCases)
    func `tasks are added, found, edited and removed`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let added = try await store.apply(
          .addTasks([Title(Self.title), Title("  Làm đồ án ")]))
        #expect(added.revision == 1)
        #expect(added.answer.tasks.map(\.task.title) == [Self.title, "Làm đồ án"])
        #expect(added.answer.tasks.map(\.task.number) == [1, 2])
        #expect(added.answer.tasks.map(\.revision) == [1, 1])
        let first = added.answer.tasks[0].task
        for name in ["1", first.id, String(first.id.prefix(8))] {
          let read = try await store.task(TaskReference(name), at: .now)
          #expect(read.value == added.answer.tasks[0] && read.revision == 1)
        }
        let edited = try await store.apply(
          .editTask(.id(first.id), TaskEdit(title: "Học Swift", completed: true), .revision(1)))
        #expect(edited.revision == 2)
        #expect(edited.answer.tasks.map(\.task.completed) == [true])
        // What is so already is no change.
        let same = try await store.apply(
          .editTask(TaskReference("1"), TaskEdit(completed: true), .none))
        #expect(same.revision == 2 && same.answer == edited.answer)
        let removed = try await store.apply(.removeTask(TaskReference("2"), .none))
        #expect(removed == Receipt(.removed(1), revision: 3))
        #expect(try await store.apply(.removeCompletedTasks) == Receipt(.removed(1), revision: 4))
        #expect(try await store.tasks(TaskQuery(), at: .now).all().isEmpty)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `tasks are listed newest first, by words, by state, and page by page`(
      kind: StoreUnderTest
    ) async throws {
      try await kind.run { store in
        for number in 1...5 { try await store.apply(.addTasks([Title("Việc \(number)")])) }
        try await store.apply(.editTask(TaskReference("4"), TaskEdit(completed: true), .none))
        func numbers(_ query: TaskQuery) async throws -> [UInt64] {
          try await store.tasks(query, at: .now).all().map(\.task.number)
        }
        #expect(try await numbers(TaskQuery()) == [5, 4, 3, 2, 1])
        #expect(try await numbers(TaskQuery(isCompleted: false)) == [5, 3, 2, 1])
        #expect(try await numbers(TaskQuery(isCompleted: true)) == [4])
        #expect(try await numbers(TaskQuery(words: "3 viec")) == [3])
        #expect(try await numbers(TaskQuery(limit: 2)) == [5, 4])
        #expect(try await numbers(TaskQuery(after: TaskReference("4"), limit: 2)) == [3, 2])
        #expect(try await store.tasks(TaskQuery(), at: .now).revision == 6)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a task that is none, or not clear, is said to be so`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        try await store.apply(
          .setMany(
            ["abcd-1", "abcd-2", ".."].map { Self.pair("task_\($0)", ["title": .string($0)]) },
            .spare))
        for name in ["7", "nothing", "é /?#&"] {
          let reading = await Self.failure {
            _ = try await store.task(TaskReference(name), at: .now)
          }
          #expect(reading?.code == .taskNotFound)
          let removing = await Self.failure {
            try await store.apply(.removeTask(TaskReference(name), .none))
          }
          #expect(removing?.code == .taskNotFound && removing?.outcome == .notApplied)
        }
        let unclear = await Self.failure {
          _ = try await store.task(TaskReference("abcd"), at: .now)
        }
        #expect(unclear?.code == .ambiguousTask)
        #expect(try await store.task(TaskReference(".."), at: .now).value.task.id == "..")
        #expect(try await store.apply(.removeTask(.id(".."), .none)).answer == .removed(1))
        let empty = await Self.failure {
          try await store.apply(.editTask(TaskReference("1"), TaskEdit(), .none))
        }
        #expect(empty?.code == .badRequest && empty?.outcome == .notApplied)
      }
    }

    // MARK: Pairs

    @Test(arguments: StoreUnderTest.allCases)
    func `any key is set, read, listed and removed`(kind: StoreUnderTest) async throws {
      let names = [
        "a", "học/tập", "with space", "%2F", "..", ".", "a?b#c&d=e", "\u{1}", "k\u{0301}", "\"\\",
        "/", "//x/", "a\0b",
      ]
      try await kind.run { store in
        for name in names {
          let pair = Self.pair(name, ["x": [.number("1.50"), nil, "đ"]])
          let set = try await store.apply(.set(pair, .none, .spare))
          let stored = Pair(key: pair.key, value: pair.value, revision: set.revision)
          #expect(set.answer.pair?.value == pair.value)
          let read = try await store.get(pair.key, at: .now)
          #expect(read.value == stored && read.revision == set.revision, "\(name)")
          let again = try await store.apply(.set(Self.pair(name, 2), .none, .spare))
          #expect(again.answer.pair?.isNew == false && again.revision == set.revision + 1)
          let all = try await store.pairs(PairQuery(), at: .now).all()
          #expect(all.map(\.key) == [pair.key])
          #expect(try await store.apply(.delete([pair.key], .none)).answer == .removed(1))
          #expect(try await store.get(pair.key, at: .now).value == nil)
        }
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `what a change makes anew is said to be new`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let pair = Self.pair("a", 1)
        let made = try await store.apply(.set(pair, .none, .spare))
        #expect(
          made
            == Receipt(
              .pair(Pair(key: pair.key, value: pair.value, revision: 1, isNew: true)), revision: 1))
        #expect(try await store.apply(.set(pair, .none, .spare)).answer.pair?.isNew == false)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `bytes that are no text come back as they were`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let (key, other): (Bytes, Bytes) = ([0xFF, 0x00, 0x2F], [0xFE])
        let value: Bytes = [0x00, 0xFF, 0x80]
        try await store.apply(.set(NewPair(key: key, value: value), .none, .spare))
        #expect(try await store.get(key, at: .now).value?.value == value)
        try await store.apply(.setMany([NewPair(key: other, value: value)], .spare))
        #expect(try await store.pairs(PairQuery(), at: .now).all().map(\.key) == [other, key])
        let revision = try await store.revision(1, at: .now).value
        #expect(revision.changes == [.init(key: key, before: nil, after: value)])
        #expect(try await store.apply(.delete([key, other], .none)).answer == .removed(2))
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `pairs are listed in the order of their bytes, without tasks unless wanted`(
      kind: StoreUnderTest
    ) async throws {
      try await kind.run { store in
        for name in ["b", "a2", "a10", "đ", "A"] {
          try await store.apply(.set(Self.pair(name, 1), .none, .spare))
        }
        try await store.apply(.addTasks([Title(Self.title)]))
        func names(_ query: PairQuery) async throws -> [String] {
          try await store.pairs(query, at: .now).all().map {
            String(decoding: $0.key, as: UTF8.self)
          }
        }
        #expect(try await names(PairQuery()) == ["A", "a10", "a2", "b", "đ"])
        #expect(try await names(PairQuery(prefix: Self.key("a"))) == ["a10", "a2"])
        #expect(try await names(PairQuery(after: Self.key("a10"), limit: 2)) == ["a2", "b"])
        #expect(try await names(PairQuery(includesTasks: true)).count == 6)
        #expect(try await names(PairQuery(prefix: Self.key("task_"))).count == 1)
        #expect(try await names(PairQuery(limit: 0)).isEmpty)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a long list comes whole, of one revision`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let value = JSON.string(String(repeating: "v", count: 1_000)).serialized()
        let pairs = (1000..<1900).map { NewPair(key: Self.key("k\($0)"), value: value) }
        try await store.apply(.setMany(pairs, .spare))
        for list in [
          try await store.pairs(PairQuery(), at: .now),
          try await store.export(prefix: Self.key("k"), at: .now),
        ] {
          try await store.apply(.increment(Self.key("k1500n"), by: 1))
          let found = try await list.all()
          #expect(
            found.count - 900 <= 1
              && found.prefix(900).map(\.value.count) == pairs.map(\.value.count))
          #expect(Set(found.map(\.key)).count == found.count)
        }
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `numbers and lists grow`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let (n, list) = (Self.key("n"), Self.key("list"))
        #expect(try await store.apply(.increment(n, by: 5)).answer.pair?.jsonValue.int64 == 5)
        #expect(try await store.apply(.increment(n, by: -7)).answer.pair?.jsonValue.int64 == -2)
        let values = [JSON.string("a"), ["x": 1]].map { $0.serialized() }
        try await store.apply(.append(list, [values[0]]))
        let grown = try await store.apply(.append(list, [values[1]]))
        #expect(grown.answer.pair?.jsonValue == ["a", ["x": 1]])
        let wrong = await Self.failure { try await store.apply(.append(n, [values[0]])) }
        #expect(wrong?.code == .notAList && wrong?.outcome == .notApplied)
        let other = await Self.failure { try await store.apply(.increment(list, by: 1)) }
        #expect(other?.code == .notANumber && other?.outcome == .notApplied)
      }
    }

    // MARK: Refusals

    @Test(arguments: StoreUnderTest.allCases)
    func `a condition that does not hold changes nothing`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let pair = Self.pair("a", 1)
        try await store.apply(.set(pair, .absent, .spare))
        for condition in [Condition.absent, .revision(7)] {
          let refused = await Self.failure {
            try await store.apply(.set(pair, condition, .spare))
          }
          #expect(refused?.code == .conflict && refused?.outcome == .notApplied)
        }
        let removing = await Self.failure {
          try await store.apply(.delete([pair.key], .revision(7)))
        }
        #expect(removing?.code == .conflict)
        #expect(try await store.apply(.set(pair, .revision(1), .spare)).revision == 2)
        #expect(try await store.apply(.delete([pair.key], .revision(2))).revision == 3)
        let gone = try await store.get(pair.key, at: .now)
        #expect(gone.value == nil && gone.revision == 3)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `what is wrong with a change is said, and nothing changes`(
      kind: StoreUnderTest
    ) async throws {
      try await kind.run { store in
        let long = Bytes(repeating: 0x61, count: Limits.keyBytes + 1)
        let large = JSON.string(String(repeating: "v", count: Limits.valueBytes)).serialized()
        let wrong: [(Change, PDBError.Code)] = [
          (.set(NewPair(key: [], value: [0x31]), .none, .spare), .invalidKey),
          (.set(NewPair(key: [0, 1], value: [0x31]), .none, .spare), .invalidKey),
          (.set(NewPair(key: long, value: [0x31]), .none, .spare), .invalidKey),
          (.set(NewPair(key: [0x61], value: large), .none, .spare), .invalidValue),
          (.set(Self.pair("task_a", ["title": 1]), .none, .spare), .invalidValue),
          (.delete([[]], .none), .invalidKey),
          (.delete([Self.key("nothing")], .none), .keyNotFound),
          (.increment([], by: 1), .invalidKey),
          (.undo(7), .revisionNotFound), (.undo(nil), .revisionNotFound),
          (.commitImport(id: "x", parts: 1, .refuse), .conflict),
          (.discardImport(id: "a b"), .badRequest),
          (
            .setMany((0...Limits.batchCount).map { Self.pair("k\($0)", 1) }, .spare), .tooMany
          ),
        ]
        for (change, code) in wrong {
          let refused = await Self.failure { try await store.apply(change) }
          #expect(refused?.code == code, "\(String("\(change)".prefix(80)))")
          #expect(refused?.outcome == .notApplied)
        }
        let page = try await store.history(HistoryQuery(), at: .now)
        #expect(page.revision == 0)
        let nothing = try await store.get(Self.key("nothing"), at: .now)
        #expect(nothing.value == nil)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a value that is no task spares the task in its place`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let task = try await store.apply(.addTasks([Title(Self.title)])).answer.tasks[0].task
        let pair = Self.pair("task_\(task.id)", 1)
        for change in [Change.set(pair, .none, .spare), .setMany([pair], .spare)] {
          let refused = await Self.failure { try await store.apply(change) }
          #expect(refused?.code == .conflict && refused?.outcome == .notApplied)
        }
        try await store.apply(.set(pair, .none, .force))
        #expect(try await store.tasks(TaskQuery(), at: .now).all().isEmpty)
      }
    }

    // MARK: Once

    @Test(arguments: StoreUnderTest.allCases)
    func `a request that comes again is answered as the first time, and changes nothing`(
      kind: StoreUnderTest
    ) async throws {
      try await kind.run { store in
        let origin = Origin(author: "an", request: .init("one"))
        let first = try await store.apply(.increment(Self.key("n"), by: 1), from: origin)
        let again = Origin(author: "an", request: .init("one", age: .seconds(1)))
        #expect(try await store.apply(.increment(Self.key("n"), by: 1), from: again) == first)
        let other = await Self.failure {
          _ = try await store.apply(.increment(Self.key("n"), by: 2), from: origin)
        }
        #expect(other?.code == .requestMismatch)
        let added = try await store.apply(
          .addTasks([Title("a")]), from: Origin(request: .init("two")))
        #expect(
          try await store.apply(.addTasks([Title("a")]), from: Origin(request: .init("two")))
            == added)
        #expect(try await store.history(HistoryQuery(), at: .now).revision == 2)
        let bad = await Self.failure {
          _ = try await store.apply(
            .increment(Self.key("n"), by: 1), from: Origin(request: .init("not visible")))
        }
        #expect(bad?.code == .badRequest && bad?.outcome == .notApplied)
      }
    }

    // MARK: History

    @Test(arguments: StoreUnderTest.allCases)
    func `the history names the author of a change, and the values before it`(kind: StoreUnderTest)
      async throws
    {
      try await kind.run { store in
        let origin = Origin(author: "an", request: .init("r1"))
        _ = try await store.apply(.set(Self.pair("a", 1), .none, .spare), from: origin)
        _ = try await store.apply(.delete([Self.key("a")], .none), from: Origin(author: "bình"))
        let page = try await store.history(HistoryQuery(), at: .now)
        #expect(page.revisions.map(\.number) == [2, 1] && page.revision == 2)
        #expect(page.revisions.map(\.author) == ["bình", "an"])
        #expect(page.revisions.map(\.operation) == ["kv rm", "kv set"])
        #expect(page.revisions.map(\.request).last == "r1")
        #expect(page.next == nil && page.compacted == 0)
        #expect(
          page.revisions.flatMap(\.changes) == [
            .init(key: Self.key("a"), before: [0x31], after: nil),
            .init(key: Self.key("a"), before: nil, after: [0x31]),
          ])
        #expect(try await store.revision(2, at: .now).value == page.revisions[0])
        let unknown = await Self.failure { _ = try await store.revision(3, at: .now) }
        #expect(unknown?.code == .revisionNotFound)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `the history is read page by page, and filtered`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        for number in 1...6 {
          _ = try await store.apply(
            .set(Self.pair("k\(number % 2)", .number("\(number)")), .none, .spare),
            from: Origin(author: number == 3 ? "an" : "bình"))
        }
        var query = HistoryQuery(filter: HistoryFilter(key: Self.key("k1")), limit: 2)
        let first = try await store.history(query, at: .now)
        #expect(first.revisions.map(\.number) == [5, 3])
        query.before = first.next
        #expect(try await store.history(query, at: .now).revisions.map(\.number) == [1])
        for (filter, numbers) in [
          (HistoryFilter(author: "an"), [3]),
          (HistoryFilter(prefix: Self.key("k")), [6, 5, 4, 3, 2, 1]),
          (HistoryFilter(prefix: Self.key("x")), []),
          (HistoryFilter(key: Self.key("k0"), author: "an"), []),
        ] as [(HistoryFilter, [UInt64])] {
          let page = try await store.history(HistoryQuery(filter: filter), at: .now)
          #expect(page.revisions.map(\.number) == numbers)
        }
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `undoing takes a change back, all of it or nothing`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let an = Origin(author: "an")
        _ = try await store.apply(.set(Self.pair("a", 1), .none, .spare), from: an)
        _ = try await store.apply(.set(Self.pair("a", 2), .none, .spare), from: an)
        let blocked = await Self.failure { try await store.apply(.undo(1)) }
        #expect(blocked?.code == .conflict && blocked?.outcome == .notApplied)
        let undone = try await store.apply(.undo(nil), from: an)
        #expect(
          undone
            == Receipt(.undone(Undone(revision: 2, operation: "kv set", count: 1)), revision: 3))
        #expect(try await store.get(Self.key("a"), at: .now).value?.value == [0x31])
        #expect(try await store.revision(3, at: .now).value.undoes == 2)
      }
    }

    // MARK: Listening

    @Test(arguments: StoreUnderTest.allCases)
    func `a listener hears what was and what comes, in order, once`(
      kind: StoreUnderTest
    ) async throws {
      try await kind.run { store in
        for _ in 1...3 { try await store.apply(.increment(Self.key("a"), by: 1)) }
        try await store.apply(.increment(Self.key("b"), by: 1))
        let changes = try await store.changes(
          since: 1, HistoryFilter(key: Self.key("a")), at: .now)
        #expect(changes.start == 1)
        var heard: [UInt64] = []
        var last: UInt64 = 0
        var hasChanged = false
        for try await events in changes {
          for event in events {
            #expect(event.revision >= last)
            last = event.revision
            if case .change(let revision) = event {
              heard.append(revision.number)
              #expect(revision.changes.map(\.key) == [Self.key("a")])
            }
          }
          if heard == [2, 3], last >= 4, !hasChanged {
            hasChanged = true
            try await store.apply(.increment(Self.key("a"), by: 1))
          }
          if heard.last == 5 { break }
        }
        #expect(heard == [2, 3, 5])
        let early = await Self.failure {
          _ = try await store.changes(since: 99, HistoryFilter(), at: .now)
        }
        #expect(early?.code == .revisionNotFound)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `many listeners hear every change`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let count = 60
        try await withThrowingTaskGroup(of: [UInt64].self) { group in
          for _ in 0..<8 {
            group.addTask { try await store.revisions(after: 0, count: count).map(\.number) }
          }
          for _ in 0..<count { try await store.apply(.increment(Self.key("n"), by: 1)) }
          for try await heard in group { #expect(heard == Array(1...UInt64(count))) }
        }
      }
    }

    // MARK: In bulk

    @Test(arguments: StoreUnderTest.allCases)
    func `an import is one change, made once`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let lines = (0..<3000).map { "{\"key\":\"k\($0)\",\"value\":\($0)}" }
        let file = try ImportFile(Bytes(lines.joined(separator: "\n").utf8))
        let importing = StagedImport(file, existing: .refuse)
        var progress: [Int] = []
        let receipt = try await importing.run(store) { progress.append($0) }
        #expect(receipt == Receipt(.changed(3000), revision: 1))
        #expect(progress == [2000, 3000])
        #expect(try await store.stagedParts(of: file.id, at: .now) == 0)
        // Everything is there already, and nothing of it differs.
        #expect(try await importing.run(store) { _ in }.answer == .changed(0))
        try await store.apply(.increment(Self.key("k0"), by: 1))
        let refused = await Self.failure { _ = try await importing.run(store) { _ in } }
        #expect(refused?.code == .conflict && refused?.outcome == .notApplied)
        let keeping = StagedImport(file, existing: .keep)
        #expect(try await keeping.run(store) { _ in }.answer == .changed(0))
        #expect(try await store.get(Self.key("k0"), at: .now).value?.jsonValue.int64 == 1)
      }
    }

    @Test(arguments: StoreUnderTest.ofOwnFiles)
    func `a copy of everything comes to its end`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        try await store.apply(.set(Self.pair("a", 1), .none, .spare))
        let copy = try await store.backup(at: .now)
        #expect(copy.revision == 1)
        let bytes = try await copy.all()
        #expect(bytes.starts(with: "pdb backup 2\n".utf8))
      }
    }

    // MARK: The cluster

    @Test(arguments: StoreUnderTest.allCases)
    func `settings are read, changed and undone`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let an = Origin(author: "an")
        let first = try await store.settings(at: .now)
        #expect(first.value == Settings() && first.revision == 0)
        // As soon as all members have said that they understand them.
        let set = try await waitFor { () async throws -> Receipt? in
          do throws(PDBError) {
            return try await store.apply(.setSetting(.historyKeep, value: "48h"), from: an)
          } catch  where error.code == .conflict {
            #expect(error.outcome == .notApplied)
            return nil
          }
        }
        #expect(set == Receipt(.changed(1), revision: 1))
        let read = try await store.settings(at: .now)
        #expect(read.value[.historyKeep] == "2d" && read.revision == 1)
        #expect(!read.value.isDefault(.historyKeep) && read.value.isDefault(.historyBytes))
        // What holds already is no change.
        let same = try await store.apply(.setSetting(.historyKeep, value: "2d"), from: an)
        #expect(same == Receipt(.changed(0), revision: 1))
        let told = try await store.revision(1, at: .now).value
        #expect(told.operation == "cluster set history.keep 2d" && told.author == "an")
        #expect(told.count == 0 && told.changes.isEmpty)
        #expect(told.settings == [.init(.historyKeep, before: "forever", after: "2d")])
        #expect(try await store.apply(.undo(nil), from: an).answer.undone?.revision == 1)
        #expect(try await store.settings(at: .now).value == Settings())
        let unset = try await store.apply(.setSetting(.historyKeep, value: nil), from: an)
        #expect(unset == Receipt(.changed(0), revision: 2))
        for (setting, value) in [
          (Setting.historyKeep, "soon"), (.historyRevisions, "10K"), (.historyBytes, "2T"),
        ] {
          let refused = await Self.failure {
            try await store.apply(.setSetting(setting, value: value))
          }
          #expect(refused?.code == .badRequest && refused?.outcome == .notApplied)
        }
        // No pair, and not in an export.
        #expect(try await store.pairs(PairQuery(includesTasks: true), at: .now).all().isEmpty)
        #expect(try await store.export(prefix: [], at: .now).all().isEmpty)
      }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `it states which data they are`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let identity = try await waitFor {
          let identity = try await store.identity()
          return identity.birth == nil ? nil : identity
        }
        #expect(try await store.identity() == identity)
      }
    }

    @Test(arguments: StoreUnderTest.clusters)
    func `it states its identity and its members`(kind: StoreUnderTest) async throws {
      try await kind.run { store in
        let store = try #require(store as? any Clustered)
        let identity = try await waitFor {
          let identity = try await store.identity()
          return identity.birth == nil ? nil : identity
        }
        let view = try await store.view()
        #expect(identity.birth != nil && view.identity.cluster == identity.cluster)
        #expect(view.members.count == (kind == .follower ? 3 : 1))
        #expect(view.leader != nil && view.quorum == view.members.count / 2 + 1)
        let unknown = await Self.failure { _ = try await store.remove("nothing", force: false) }
        #expect(unknown?.code == .memberNotFound && unknown?.outcome == .notApplied)
        let leader = try #require(view.leader)
        #expect(try await store.transferLeadership(to: leader.id) == leader.address)
        let added = try await store.add(NodeAddress(host: "127.0.0.1", port: 9))
        #expect(added.address == "127.0.0.1:9" && !added.isVoter)
        #expect(try await store.remove(added.id, force: false).id == added.id)
        #expect(try await store.view().members.count == view.members.count)
      }
    }
  }
}

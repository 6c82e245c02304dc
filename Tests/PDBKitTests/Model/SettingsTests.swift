// The settings of a cluster: what they may be, and what changing them does.

import Testing

@testable import PDBModel

@Suite struct SettingsTests {
  // MARK: Values

  static let values: [(Setting, String, String?)] = [
    (.historyKeep, "forever", "forever"), (.historyKeep, "30d", "30d"),
    (.historyKeep, "1s", "1s"), (.historyKeep, "90s", "90s"), (.historyKeep, "120s", "2m"),
    (.historyKeep, "720h", "30d"), (.historyKeep, "7d", "1w"), (.historyKeep, "007d", "1w"),
    (.historyKeep, "36500d", "36500d"), (.historyKeep, "36501d", nil), (.historyKeep, "0s", nil),
    (.historyKeep, "30", nil), (.historyKeep, "d", nil), (.historyKeep, "", nil),
    (.historyKeep, "-1d", nil), (.historyKeep, "+1d", nil), (.historyKeep, "1.5d", nil),
    (.historyKeep, "30 d", nil), (.historyKeep, "30D", nil), (.historyKeep, "30dd", nil),
    (.historyKeep, "1y", nil), (.historyKeep, "Forever", nil), (.historyKeep, "١d", nil),
    (.historyKeep, "18446744073709551615w", nil), (.historyKeep, "99999999999999999999s", nil),
    (.historyRevisions, "0", "0"), (.historyRevisions, "10", "10"),
    (.historyRevisions, "00010", "10"), (.historyRevisions, "10000000", "10000000"),
    (.historyRevisions, "10000001", nil), (.historyRevisions, "10K", nil),
    (.historyRevisions, "-1", nil), (.historyRevisions, "1e3", nil),
    (.historyRevisions, "forever", nil), (.historyRevisions, "", nil),
    (.historyBytes, "0", "0"), (.historyBytes, "0K", "0"), (.historyBytes, "1023", "1023"),
    (.historyBytes, "1024", "1K"), (.historyBytes, "1536K", "1536K"),
    (.historyBytes, "256M", "256M"),
    (.historyBytes, "268435456", "256M"), (.historyBytes, "1024M", "1G"),
    (.historyBytes, "1024G", "1T"), (.historyBytes, "1T", "1T"), (.historyBytes, "1025G", nil),
    (.historyBytes, "256MB", nil), (.historyBytes, "256m", nil), (.historyBytes, "M", nil),
    (.historyBytes, "1.5G", nil), (.historyBytes, "forever", nil),
  ]

  @Test(arguments: values)
  func `a value is kept as its canonical text, or refused`(
    setting: Setting, text: String, canonical: String?
  ) throws {
    guard let canonical else {
      let error = #expect(throws: PDBError.self) { try setting.canonical(text) }
      #expect(error?.code == .badRequest && error?.outcome == .notApplied)
      #expect(error?.hint?.contains(setting.examples[0]) == true)
      return
    }
    #expect(try setting.canonical(text) == canonical)
    #expect(try setting.canonical(canonical) == canonical)
  }

  @Test(arguments: Setting.allCases)
  func `defaults and examples are values`(setting: Setting) throws {
    for value in [setting.defaultValue] + setting.examples {
      #expect(try setting.canonical(value) == value)
    }
    #expect(try Setting(named: setting.name) == setting)
  }

  @Test func `the defaults are those of version 0.1`() {
    let limits = HistoryLimits(Settings())
    #expect(limits.age == nil)
    #expect(limits.revisions == Limits.historyRevisions && limits.bytes == Limits.historyBytes)
    #expect(Setting.historyRevisions.defaultValue == "100000")
    #expect(Setting.historyBytes.defaultValue == "256M")
  }

  @Test func `a name that is none is refused with those that are`() {
    for name in ["", "history", "history.Keep", "history.keep ", "a\u{1B}b"] {
      let error = #expect(throws: PDBError.self) { try Setting(named: name) }
      #expect(error?.code == .badRequest)
      #expect(error?.hint?.contains("history.keep, history.revisions, history.bytes") == true)
    }
  }

  // MARK: In the log and in the state

  static let operations: [PDBModel.Operation] = [
    .setSetting(.historyKeep, value: "30d"), .setSetting(.historyBytes, value: nil),
  ]

  @Test(arguments: operations)
  func `an operation comes back`(operation: PDBModel.Operation) throws {
    let stamped = StampedOperation(
      stamp: Stamp(time: Timestamp(milliseconds: 5), author: "an", request: nil),
      operation: operation)
    #expect(try StampedOperation(decoding: stamped.encoded()) == stamped)
    #expect(operation.version == .checksums)
  }

  @Test func `operations are named as they are typed`() {
    #expect(
      Self.operations.map(\.name) == [
        "cluster set history.keep 30d", "cluster unset history.bytes",
      ])
  }

  @Test func `what differs from the defaults is kept, compact, under one key`() throws {
    var state = PlainState()
    try state.apply(.setSetting(.historyRevisions, value: "10"))
    try state.apply(.setSetting(.historyKeep, value: "30d"))
    #expect(state.stored == #"{"history.keep":"30d","history.revisions":"10"}"#)
    #expect(!SystemKeys.hasNoHistory(SystemKeys.settings))
    let settings = try state.storage.settings()
    #expect(settings[.historyKeep] == "30d" && !settings.isDefault(.historyKeep))
    #expect(settings[.historyBytes] == "256M" && settings.isDefault(.historyBytes))
    // The default is the default, whichever way it is set.
    try state.apply(.setSetting(.historyKeep, value: "forever"))
    #expect(state.stored == #"{"history.revisions":"10"}"#)
    try state.apply(.setSetting(.historyRevisions, value: nil))
    #expect(state.stored == nil)
    #expect(state.mark.revision == 4)
    #expect(state.storage.history.map(\.record.visibleCount) == [0, 0, 0, 0])
  }

  @Test func `what changes nothing makes no revision`() throws {
    var state = PlainState()
    for setting in Setting.allCases {
      #expect(try state.apply(.setSetting(setting, value: nil)) == .changed(0))
      #expect(
        try state.apply(.setSetting(setting, value: setting.defaultValue)) == .changed(0))
    }
    #expect(try state.apply(.setSetting(.historyKeep, value: "1d")) == .changed(1))
    #expect(try state.apply(.setSetting(.historyKeep, value: "1d")) == .changed(0))
    #expect(state.mark.revision == 1)
  }

  @Test func `a cluster with older members refuses settings`() {
    var state = PlainState(version: .first)
    let error = #expect(throws: PDBError.self) {
      try state.apply(.setSetting(.historyKeep, value: "1d"))
    }
    #expect(error?.code == .conflict && error?.outcome == .notApplied)
    #expect(state.mark.revision == 0 && state.stored == nil)
  }

  // MARK: Undoing

  @Test func `a change of a setting is undone like any other`() throws {
    var state = PlainState()
    try state.apply(.set(key: [1], value: [0x31], .none))
    try state.apply(.setSetting(.historyKeep, value: "30d"))
    let undone = try state.apply(.undo(nil)).undone
    #expect(undone?.revision == 2 && undone?.operation == "cluster set history.keep 30d")
    #expect(undone?.count == 0)
    #expect(state.stored == nil)
    #expect(try state.apply(.undo(nil)).undone?.revision == 1)
    try state.apply(.undo(3))
    #expect(try state.storage.settings()[.historyKeep] == "30d")
    let last = try #require(state.storage.history.last)
    #expect(
      last.changes.flatMap(\.settings)
        == [SettingChange(.historyKeep, before: "forever", after: "30d")])
  }

  @Test func `undoing one setting minds only that one`() throws {
    var state = PlainState()
    try state.apply(.setSetting(.historyKeep, value: "30d"))
    try state.apply(.setSetting(.historyRevisions, value: "5000"))
    try state.apply(.undo(1))
    #expect(state.stored == #"{"history.revisions":"5000"}"#)
    try state.apply(.setSetting(.historyRevisions, value: "6000"))
    let error = #expect(throws: PDBError.self) { try state.apply(.undo(2)) }
    #expect(error?.code == .conflict)
    #expect(error?.message.contains("'history.revisions' changed since") == true)
    let conflict = error?.details.first { $0.name == "conflicts" }?.value.array?.first
    #expect(conflict?["expected"]?.string == "5000" && conflict?["found"]?.string == "6000")
    #expect(state.stored == #"{"history.revisions":"6000"}"#)
  }

  @Test(arguments: [Setting.historyRevisions, .historyBytes])
  func `where nothing is kept nothing can be undone`(setting: Setting) throws {
    var state = PlainState()
    try state.apply(.set(key: [1], value: [0x31], .none))
    try state.apply(.setSetting(setting, value: "0"))
    for wanted in [1, 2, nil] as [UInt64?] {
      let error = #expect(throws: PDBError.self) { try state.apply(.undo(wanted)) }
      #expect(error?.code == .revisionNotFound)
      #expect(error?.message.contains("nothing can be undone") == true)
    }
    try state.apply(.setSetting(setting, value: nil))
    try state.apply(.set(key: [1], value: [0x32], .none))
    #expect(try state.apply(.undo(nil)).undone?.revision == 4)
  }
}

// What is set, and where it stands in the state.
//
//   NUL settings    {"history.keep":"30d",...}, compact: what differs from the defaults
//
// The key is not among those without a past: a change of it makes a revision, and can be undone.

/// All settings of a cluster, with the values that hold.
public struct Settings: Equatable, Sendable {
  /// Only what differs from the defaults.
  private var values: [Setting: String] = [:]

  /// The defaults.
  public init() {}

  /// The value that holds.
  public subscript(_ setting: Setting) -> String { values[setting] ?? setting.defaultValue }

  /// Whether the default of a setting holds.
  public func isDefault(_ setting: Setting) -> Bool { values[setting] == nil }

  /// Gives a setting a value.
  ///
  /// - Parameter value: `nil` for the default.
  /// - Throws: `bad_request` for what the setting cannot be.
  public mutating func set(_ setting: Setting, to value: String?) throws(PDBError) {
    let value = try value.map { value throws(PDBError) in try setting.canonical(value) }
    values[setting] = value == setting.defaultValue ? nil : value
  }

  /// Which settings two states differ in, in the order of the table.
  func differences(from other: Settings) -> [SettingChange] {
    Setting.allCases.filter { self[$0] != other[$0] }.map {
      SettingChange($0, before: other[$0], after: self[$0])
    }
  }
}

/// What a revision did to one setting.
public struct SettingChange: Equatable, Sendable {
  /// The setting that was changed.
  public let setting: Setting
  /// The value that held before.
  public let before: String
  /// The value that holds since.
  public let after: String

  /// A change of one setting.
  public init(_ setting: Setting, before: String, after: String) {
    self.setting = setting
    self.before = before
    self.after = after
  }
}

// MARK: In the state

extension SystemKeys {
  package static let settings = prefix + Bytes(utf8: "settings")
}

extension Settings {
  /// - Parameter stored: what stands under ``SystemKeys/settings``; `nil` if nothing does.
  init(stored: Bytes?) {
    guard let stored, let json = JSON(objectIn: stored) else { return }
    for setting in Setting.allCases {
      guard let value = json[setting.name]?.string else { continue }
      // What stands there was checked before it was proposed.
      try? set(setting, to: value)
    }
  }

  /// `nil` if nothing differs from the defaults.
  var stored: Bytes? {
    let members = Setting.allCases.compactMap { setting in
      values[setting].map { JSON.Member(setting.name, .string($0)) }
    }
    return members.isEmpty ? nil : JSON.object(members).serialized()
  }
}

extension KeyValueView {
  /// The settings that hold.
  package func settings() throws -> Settings {
    Settings(stored: try get(SystemKeys.settings)?.value)
  }
}

extension Draft {
  /// Gives a setting a value and returns whether that changed it.
  mutating func set(_ setting: Setting, to value: String?) throws -> Bool {
    let before = try settings()
    var after = before
    try after.set(setting, to: value)
    guard after != before else { return false }
    try put(after)
    return true
  }

  private mutating func put(_ settings: Settings) throws {
    if let stored = settings.stored {
      try put(SystemKeys.settings, stored)
    } else {
      try delete(SystemKeys.settings)
    }
  }

  /// Takes back what a revision did to settings. Others may have been changed since: only those that it
  /// changed must still be as it left them.
  ///
  /// - Throws: `conflict`, with both values.
  mutating func undoSettings(_ change: KeyChange, of number: UInt64) throws {
    var settings = try settings()
    for change in change.settings {
      let found = settings[change.setting]
      guard found == change.after else {
        throw PDBError(
          .conflict,
          "revision \(number) cannot be undone: '\(change.setting.name)' changed since",
          hint: "'pdb cluster set' sets it to what it shall be",
          details: [
            .init(
              "conflicts",
              .array([
                [
                  "setting": .string(change.setting.name), "expected": .string(change.after),
                  "found": .string(found),
                ]
              ]))
          ])
      }
      try settings.set(change.setting, to: change.before)
    }
    try put(settings)
  }
}

extension KeyChange {
  /// What it did to settings; nothing if it is about another key.
  package var settings: [SettingChange] {
    guard key == SystemKeys.settings else { return [] }
    return Settings(stored: after).differences(from: Settings(stored: before?.value))
  }
}

extension PDBError {
  /// Some members would not understand an operation of theirs.
  package static var membersTooOld: PDBError {
    PDBError(
      .conflict, "not all members understand this change",
      hint: "upgrade the members of version 0.1 first, and start those that never ran; "
        + "'pdb cluster status' shows them")
  }
}

// MARK: The limits of the history

/// What may stay in the history.
struct HistoryLimits {
  /// In milliseconds; `nil`: however old.
  let age: UInt64?
  let revisions: UInt64
  let bytes: UInt64

  init(_ settings: Settings) {
    func limit(_ setting: Setting) -> UInt64? {
      guard case .limited(let amount) = setting.amount(settings[setting]) else { return nil }
      return amount
    }
    age = limit(.historyKeep)
    revisions = limit(.historyRevisions) ?? .max
    bytes = limit(.historyBytes) ?? .max
  }

  /// The setting that lets nothing stay, if one does.
  var empty: Setting? {
    revisions == 0 ? .historyRevisions : bytes == 0 ? .historyBytes : nil
  }

  /// The time of the oldest revision that stays, when it is `now`; `nil`: any.
  func oldest(at now: Timestamp) -> Timestamp? {
    guard let age else { return nil }
    let (time, isOverflow) = now.milliseconds.subtractingReportingOverflow(Int64(age))
    return isOverflow ? nil : Timestamp(milliseconds: time)
  }
}

// The settings of a cluster: the one table of their names, of what they may be and of their defaults.
//
// They are replicated like the data, so all nodes decide by the same ones.

/// A setting of a cluster. Names are added, never changed.
public enum Setting: String, CaseIterable, Sendable {
  /// How long a revision is kept.
  case historyKeep = "history.keep"
  /// How many revisions are kept.
  case historyRevisions = "history.revisions"
  /// How many bytes of values before and after are kept.
  case historyBytes = "history.bytes"

  /// The name, as users write it.
  public var name: String { rawValue }

  /// The setting with this name.
  ///
  /// - Throws: `bad_request`, with the known names.
  public init(named name: String) throws(PDBError) {
    guard let setting = Setting(rawValue: name) else {
      let names = Self.allCases.map(\.name)
      throw PDBError(
        .badRequest, "there is no setting '\(name.escapingControlCharacters)'",
        hint: "there are \(names.joined(separator: ", "))",
        details: [.init("settings", .array(names.map { .string($0) }))])
    }
    self = setting
  }

  /// A few words about it.
  public var summary: String {
    switch self {
    case .historyKeep: "How long a revision is kept"
    case .historyRevisions: "How many revisions are kept, the newest"
    case .historyBytes: "How many bytes of values before and after are kept"
    }
  }

  /// What it may be, in words.
  public var form: String {
    switch self {
    case .historyKeep: "a number with s, m, h, d or w, from 1s to 36500d, or forever"
    case .historyRevisions: "a whole number, from 0 to 10000000"
    case .historyBytes: "a number with or without K, M, G or T, from 0 to 1T"
    }
  }

  /// Values that it may have, to begin with.
  public var examples: [String] {
    switch self {
    case .historyKeep: ["30d", "12h", "52w", "forever"]
    case .historyRevisions: ["10000", "100000", "1000000"]
    case .historyBytes: ["64M", "256M", "1G"]
    }
  }

  /// What holds where nothing is set.
  public var defaultValue: String { text(defaultAmount) }

  /// A value as it is kept: equal amounts are equal texts.
  ///
  /// - Throws: `bad_request` for what the setting cannot be, with an example.
  public func canonical(_ value: String) throws(PDBError) -> String {
    guard let amount = amount(value) else {
      throw PDBError(
        .badRequest, "'\(name)' cannot be '\(value.escapingControlCharacters)'",
        hint: "it is \(form): for example \(examples[0])",
        details: [.init("example", .string(examples[0]))])
    }
    return text(amount)
  }
}

// MARK: Amounts

extension Setting {
  /// What a value comes to, in the smallest unit.
  enum Amount: Equatable {
    case limited(UInt64)
    case unlimited
  }

  private var defaultAmount: Amount {
    switch self {
    case .historyKeep: .unlimited
    case .historyRevisions: .limited(Limits.historyRevisions)
    case .historyBytes: .limited(Limits.historyBytes)
    }
  }

  /// The smallest first. Milliseconds are no unit, but what times are counted in.
  private var units: [(name: String, size: UInt64)] {
    switch self {
    case .historyKeep:
      [("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)]
    case .historyRevisions: [("", 1)]
    case .historyBytes: [("", 1), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40)]
    }
  }

  private var range: ClosedRange<UInt64> {
    switch self {
    case .historyKeep: 1000...36_500 * 86_400_000
    case .historyRevisions: 0...10_000_000
    case .historyBytes: 0...1 << 40
    }
  }

  /// The word for no limit, where there may be none.
  private var unlimited: String? { self == .historyKeep ? "forever" : nil }

  /// `nil` if the text is not a value of the setting.
  func amount(_ text: String) -> Amount? {
    if text == unlimited { return .unlimited }
    let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    let name = text.utf8.dropFirst(digits.count)
    guard let number = UInt64(String(Substring(digits))),
      let unit = units.first(where: { $0.name.utf8.elementsEqual(name) })
    else { return nil }
    let (amount, isOverflow) = number.multipliedReportingOverflow(by: unit.size)
    return !isOverflow && range.contains(amount) ? .limited(amount) : nil
  }

  /// In the largest unit that divides it.
  private func text(_ amount: Amount) -> String {
    guard case .limited(let amount) = amount else { return unlimited ?? "" }
    let unit = units.last { amount > 0 && amount.isMultiple(of: $0.size) } ?? units[0]
    return String(amount / unit.size) + unit.name
  }
}

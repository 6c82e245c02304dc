// Points in time as the replicated state writes them.

import Foundation
import Synchronization

/// Milliseconds since 1970 in UTC. Written as RFC 3339 by integer arithmetic alone, so every
/// node and every version writes the same bytes.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
  public let milliseconds: Int64

  /// The point in time that is this many milliseconds after 1970 began.
  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// The wall clock. Only for people to read: nothing decides by it.
  public static var now: Timestamp {
    Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded()) + skew)
  }

  private static let offset = Atomic<Int64>(0)

  /// By how many milliseconds the wall clock of this process is ahead: other than 0 only in a lab.
  package static var skew: Int64 {
    get { offset.load(ordering: .relaxed) }
    set { offset.store(newValue, ordering: .relaxed) }
  }

  /// Earlier times are less.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// For example `2026-11-21T08:30:00.250Z` (RFC 3339, section 5.6).
  public var description: String {
    let (days, millisecondOfDay) = milliseconds.quotientAndFloorRemainder(by: 86_400_000)
    // Civil date from days: Hinnant, "chrono-compatible low-level date algorithms".
    let (era, dayOfEra) = (days + 719_468).quotientAndFloorRemainder(by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let second = millisecondOfDay / 1000
    func pad(_ value: Int64, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T"
      + "\(pad(second / 3600, 2)):\(pad(second / 60 % 60, 2)):\(pad(second % 60, 2))."
      + "\(pad(millisecondOfDay % 1000, 3))Z"
  }
}

extension Timestamp {
  /// Reads what ``description`` writes; the fraction of a second may be missing.
  public init?(parsing text: String) {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int64? {
      guard range.upperBound <= bytes.count else { return nil }
      return bytes[range].reduce(0 as Int64?) { sum, digit in
        guard let sum, (48...57).contains(digit) else { return nil }
        return sum * 10 + Int64(digit - 48)
      }
    }
    func has(_ character: Unicode.Scalar, at position: Int) -> Bool {
      position < bytes.count && bytes[position] == UInt8(ascii: character)
    }
    guard has("-", at: 4), has("-", at: 7), has("T", at: 10), has(":", at: 13), has(":", at: 16),
      let year = number(0..<4), let month = number(5..<7), (1...12).contains(month),
      let day = number(8..<10), (1...31).contains(day), let hour = number(11..<13), hour < 24,
      let minute = number(14..<16), minute < 60, let second = number(17..<19), second < 61
    else { return nil }
    var millisecond: Int64 = 0
    var end = 19
    if has(".", at: 19) {
      guard let fraction = number(20..<23) else { return nil }
      (millisecond, end) = (fraction, 23)
    }
    guard has("Z", at: end), bytes.count == end + 1 else { return nil }
    // Days from a civil date: Hinnant, "chrono-compatible low-level date algorithms".
    let shiftedYear = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = shiftedYear.quotientAndFloorRemainder(by: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days =
      era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    self.init(
      milliseconds: ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + millisecond)
  }
}

extension Timestamp {
  /// Reads a time with any offset from UTC, with or without a fraction of a second (RFC 3339, section
  /// 5.6). What is finer than a millisecond is dropped.
  public init?(rfc3339 text: String) {
    var rest = Substring(text)
    var offset: Int64 = 0
    if rest.last?.uppercased() == "Z" {
      rest.removeLast()
    } else {
      guard let minutes = Self.offset(rest.suffix(6)) else { return nil }
      offset = minutes
      rest.removeLast(6)
    }
    let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.count == 1 || !parts[1].isEmpty,
      parts.last!.utf8.allSatisfy({ (0x30...0x39).contains($0) }) || parts.count == 1
    else { return nil }
    let fraction = parts.count == 1 ? "000" : (String(parts[1]) + "00").prefix(3)
    guard let time = Timestamp(parsing: "\(parts[0].uppercased()).\(fraction)Z") else { return nil }
    self.init(milliseconds: time.milliseconds - offset * 60_000)
  }

  /// The minutes of `+07:00`.
  private static func offset(_ text: Substring) -> Int64? {
    let parts = text.dropFirst().split(separator: ":")
    guard text.utf8.count == 6, text.first == "+" || text.first == "-", parts.count == 2,
      let hours = UInt8(parts[0]), hours < 24, let minutes = UInt8(parts[1]), minutes < 60,
      parts.allSatisfy({ $0.utf8.count == 2 })
    else { return nil }
    return (text.first == "-" ? -1 : 1) * (Int64(hours) * 60 + Int64(minutes))
  }
}

extension Int64 {
  /// Division that rounds down, so times before 1970 come out right too.
  fileprivate func quotientAndFloorRemainder(by divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

extension Duration {
  /// Whole milliseconds; what is left of them is dropped.
  package var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}

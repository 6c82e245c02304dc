// Until when a task is to be done.

import Foundation
public import PDBModel

/// A day, or a moment of a day: RFC 3339, section 5.6, `full-date` or `date-time`.
public struct DueDate: Hashable, Sendable, CustomStringConvertible {
  /// `2026-11-28`, or `2026-11-28T18:00:00+07:00`.
  public let description: String

  /// - Throws: `bad_request` for a text that is neither.
  public init(parsing text: String) throws(PDBError) {
    guard Self.isDay(text.prefix(10)), text.count == 10 || Self.isMoment(text) else {
      throw PDBError(
        .badRequest, "'\(text.escapingControlCharacters)' is no date",
        hint: "write 2026-11-28, or 2026-11-28T18:00:00+07:00")
    }
    description = text
  }

  private init(_ description: String) { self.description = description }

  /// Today where this program runs.
  public static var today: Self { day(0) }

  /// Tomorrow where this program runs.
  public static var tomorrow: Self { day(1) }

  /// A day from today on, where this program runs.
  public static func inDays(_ count: Int) -> Self { day(count) }

  private static func day(_ offset: Int) -> Self {
    let calendar = Calendar(identifier: .gregorian)
    let day = calendar.date(byAdding: .day, value: offset, to: Date()) ?? Date()
    let parts = calendar.dateComponents([.year, .month, .day], from: day)
    func digits(_ number: Int?, _ count: Int) -> String {
      let text = String(number ?? 0)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return Self("\(digits(parts.year, 4))-\(digits(parts.month, 2))-\(digits(parts.day, 2))")
  }

  private static func isDay(_ text: Substring) -> Bool {
    guard let match = text.wholeMatch(of: /(\d{4})-(\d\d)-(\d\d)/),
      let year = Int(match.1), let month = Int(match.2), let day = Int(match.3)
    else { return false }
    let parts = DateComponents(
      calendar: Calendar(identifier: .gregorian), year: year, month: month, day: day)
    return parts.isValidDate
  }

  private static func isMoment(_ text: String) -> Bool {
    guard
      let match = text.dropFirst(10).wholeMatch(
        of: /[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|[+-](\d\d):(\d\d))/),
      let hour = Int(match.1), let minute = Int(match.2), let second = Int(match.3)
    else { return false }
    let (zoneHour, zoneMinute) = (Int(match.5 ?? "0") ?? 0, Int(match.6 ?? "0") ?? 0)
    return hour < 24 && minute < 60 && second <= 60 && zoneHour < 24 && zoneMinute < 60
  }
}

extension TaskItem {
  /// Until when it is to be done; `nil` if nobody said so.
  public var due: DueDate? {
    text(TaskField.due.rawValue).flatMap { try? DueDate(parsing: $0) }
  }
}

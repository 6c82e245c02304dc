// Dates as people write them, in English and Vietnamese.
//
//   today  hôm nay        yesterday  hôm qua       tomorrow  mai  ngày mai       now  bây giờ
//   fri  friday  thứ sáu  t6  cn              the next one, or the last one where the past is meant
//   next friday  thứ sáu tới        thứ sáu tuần sau                        that of the next week
//   next week  tuần sau   last month  tháng trước
//   3 days ago  3 ngày trước       in 2 hours  2 giờ nữa  3d
//   2026-11-20   2026-11-20 08:30   tomorrow 08:30   2026-11-20T08:30:00+07:00
//
// Case and accents do not matter.

import Foundation
import PDBKit

/// What a text says about a point in time.
enum DateWords: Equatable {
  /// A day in the user's time zone: its beginning.
  case day(Date)
  /// A point in time.
  case instant(Date)

  /// Which way a word such as "friday" looks.
  enum Direction {
    case past, future
  }

  /// - Returns: `nil` for a text that is no date.
  init?(
    _ text: String, _ direction: Direction, now: Date = Date(), calendar: Calendar = .userCalendar
  ) {
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    if let time = Timestamp(rfc3339: trimmed) {
      self = .instant(Date(timeIntervalSince1970: Double(time.milliseconds) / 1000))
      return
    }
    let words = trimmed.foldedForSearch.split(separator: " ").map(String.init)
    let reader = DateReader(words: words, direction: direction, now: now, calendar: calendar)
    guard let found = reader.read() else { return nil }
    self = found
  }

  /// The point in time, or the beginning of the day.
  var beginning: Date {
    switch self {
    case .day(let date), .instant(let date): date
    }
  }
}

extension Calendar {
  /// Days as people count them (ISO 8601), in the zone that `TZ` or the system says.
  static var userCalendar: Calendar {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .current
    return calendar
  }
}

/// Reads the words of one date.
private struct DateReader {
  let words: [String]
  let direction: DateWords.Direction
  let now: Date
  let calendar: Calendar

  func read() -> DateWords? {
    if let time = words.last.flatMap(Self.time), words.count > 1 {
      let rest = DateReader(
        words: Array(words.dropLast()), direction: direction, now: now, calendar: calendar)
      guard case .day(let day) = rest.read() else { return nil }
      return calendar.date(
        bySettingHour: time.hour, minute: time.minute, second: time.second, of: day
      ).map(DateWords.instant)
    }
    let text = words.joined(separator: " ")
    if Self.now.contains(text) { return .instant(now) }
    if let days = Self.namedDays[text] { return day(after: days) }
    if words.first == "next", let found = weekday(words.dropFirst().joined(separator: " ")) {
      return direction == .future ? found : nil
    }
    return isoDay(text) ?? weekday(text) ?? followingWeekday() ?? neighbour() ?? distance()
  }

  private static let now: Set = ["now", "bay gio"]
  private static let namedDays = [
    "today": 0, "hom nay": 0, "yesterday": -1, "hom qua": -1, "hom kia": -2, "tomorrow": 1,
    "mai": 1, "ngay mai": 1, "ngay kia": 2, "mot": 2,
  ]

  private var today: Date { calendar.startOfDay(for: now) }

  private func day(after days: Int) -> DateWords? {
    calendar.date(byAdding: .day, value: days, to: today).map(DateWords.day)
  }

  /// `2026-11-20`, and no 30th of February.
  private func isoDay(_ text: String) -> DateWords? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.count) == [4, 2, 2], let numbers = Self.numbers(parts) else { return nil }
    let wanted = DateComponents(year: numbers[0], month: numbers[1], day: numbers[2])
    guard let date = calendar.date(from: wanted),
      calendar.dateComponents([.year, .month, .day], from: date) == wanted
    else { return nil }
    return .day(date)
  }

  private static func numbers(_ parts: [Substring]) -> [Int]? {
    let numbers = parts.compactMap { part in
      part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
    }
    return numbers.count == parts.count ? numbers : nil
  }

  /// `08:30`, `08:30:15`, `8am`, `18h`.
  private static func time(_ text: String) -> (hour: Int, minute: Int, second: Int)? {
    for (ending, added) in [("am", 0), ("pm", 12), ("h", 0)] where text.hasSuffix(ending) {
      guard let hour = Int(text.dropLast(ending.count)), (0...23).contains(hour),
        ending == "h" || (1...12).contains(hour)
      else { return nil }
      return (ending == "h" ? hour : hour % 12 + added, 0, 0)
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), parts.allSatisfy({ (1...2).contains($0.count) }),
      let numbers = numbers(parts), numbers[0] < 24, numbers[1] < 60, (numbers + [0])[2] < 60
    else { return nil }
    return (numbers[0], numbers[1], (numbers + [0])[2])
  }

  // MARK: Days of the week

  /// The days as `Calendar` counts them: 1 is Sunday.
  private static let weekdays: [String: Int] = {
    let names = [
      ["sun", "sunday", "chu nhat", "cn"], ["mon", "monday", "thu hai", "thu 2", "t2"],
      ["tue", "tuesday", "tues", "thu ba", "thu 3", "t3"],
      ["wed", "wednesday", "thu tu", "thu 4", "t4"],
      ["thu", "thursday", "thurs", "thu nam", "thu 5", "t5"],
      ["fri", "friday", "thu sau", "thu 6", "t6"],
      ["sat", "saturday", "thu bay", "thu 7", "t7"],
    ]
    return Dictionary(
      uniqueKeysWithValues: names.enumerated().flatMap { position, names in
        names.map { ($0, position + 1) }
      })
  }()

  private func weekday(_ text: String) -> DateWords? {
    guard let wanted = Self.weekdays[text] else { return nil }
    let ahead = (wanted - calendar.component(.weekday, from: now) + 6) % 7 + 1
    return day(after: direction == .future ? ahead : ahead == 7 ? -7 : ahead - 7)
  }

  /// `thứ sáu tới` is the next one, `thứ sáu tuần sau` that of the week that begins next Monday.
  private func followingWeekday() -> DateWords? {
    guard direction == .future, let last = words.last, ["sau", "toi"].contains(last) else {
      return nil
    }
    var rest = words.dropLast()
    let isOfWeek = rest.last == "tuan"
    if isOfWeek { rest.removeLast() }
    let name = rest.joined(separator: " ")
    guard isOfWeek, let wanted = Self.weekdays[name] else { return weekday(name) }
    // Monday is the first day of a week.
    let today = (calendar.component(.weekday, from: now) + 5) % 7
    return day(after: 7 - today + (wanted + 5) % 7)
  }

  // MARK: Distances

  private static let units: [String: (unit: Calendar.Component, isLong: Bool)] = {
    let names: [(Calendar.Component, [String])] = [
      (.second, ["s", "sec", "secs", "second", "seconds", "giay"]),
      (.minute, ["m", "min", "mins", "minute", "minutes", "phut"]),
      (.hour, ["h", "hour", "hours", "gio", "tieng"]),
      (.day, ["d", "day", "days", "ngay"]), (.weekOfYear, ["w", "week", "weeks", "tuan"]),
      (.month, ["month", "months", "thang"]), (.year, ["y", "year", "years", "nam"]),
    ]
    return Dictionary(
      uniqueKeysWithValues: names.flatMap { unit, names in
        let isLong = ![.second, .minute, .hour].contains(unit)
        return names.map { ($0, (unit: unit, isLong: isLong)) }
      })
  }()

  /// `next week`, `tháng trước`.
  private func neighbour() -> DateWords? {
    guard words.count == 2 else { return nil }
    let ways = ["next": 1, "last": -1, "sau": 1, "toi": 1, "truoc": -1]
    let (first, second) = (words[0], words[1])
    let found =
      ways[first].flatMap { way in Self.units[second].map { (way, $0) } }
      ?? ways[second].flatMap { way in Self.units[first].map { (way, $0) } }
    guard let (way, unit) = found, unit.isLong else { return nil }
    return calendar.date(byAdding: unit.unit, value: way, to: today).map(DateWords.day)
  }

  /// `3 days ago`, `in 2 hours`, `3d`. Days and more lead to a day where the future is meant, and to the
  /// same time of another day where the past is.
  private func distance() -> DateWords? {
    var rest = words[...]
    var way = direction == .future ? 1 : -1
    var isSaid = false
    if ["in", "sau"].contains(rest.first) {
      (way, isSaid) = (1, true)
      rest = rest.dropFirst()
    } else if let last = rest.last, let said = ["ago": -1, "truoc": -1, "nua": 1][last] {
      (way, isSaid) = (said, true)
      rest = rest.dropLast()
    }
    if rest.count == 1, let (number, unit) = Self.split(rest.first!) { rest = [number, unit] }
    guard rest.count == 2, let count = Int(rest.first!), (0...1_000_000).contains(count),
      let unit = Self.units[rest.last!]
    else { return nil }
    let isDay = unit.isLong && way > 0
    let from = isDay ? today : now
    guard isSaid || direction == .future,
      let date = calendar.date(byAdding: unit.unit, value: way * count, to: from)
    else { return nil }
    return isDay ? .day(date) : .instant(date)
  }

  /// `3d` as number and unit.
  private static func split(_ text: String) -> (String, String)? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, digits.count < text.count else { return nil }
    return (String(digits), String(text.dropFirst(digits.count)))
  }
}

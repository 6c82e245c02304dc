// Dates in words, at one fixed moment.

import Foundation
import Testing

@testable import pdb

@Suite struct DateWordsTests {
  /// Friday, 2026-11-27, 15:45:30 in Hà Nội.
  private static let now = Date(timeIntervalSince1970: 1_795_769_130)

  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(identifier: "Asia/Ho_Chi_Minh")!
    return calendar
  }()

  /// As local date and time; a day alone without a time.
  private static func read(_ text: String, _ direction: DateWords.Direction) -> String? {
    let formatter = DateFormatter()
    formatter.calendar = calendar
    formatter.timeZone = calendar.timeZone
    formatter.locale = Locale(identifier: "en_US_POSIX")
    switch DateWords(text, direction, now: now, calendar: calendar) {
    case .day(let date):
      formatter.dateFormat = "yyyy-MM-dd"
      return calendar.startOfDay(for: date) == date ? formatter.string(from: date) : "no day"
    case .instant(let date):
      formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
      return formatter.string(from: date)
    case nil: return nil
    }
  }

  @Test(arguments: [
    ("tomorrow", "2026-11-28"), ("mai", "2026-11-28"), ("Ngày mai", "2026-11-28"),
    ("hôm nay", "2026-11-27"), ("ngày kia", "2026-11-29"), ("fri", "2026-12-04"),
    ("thứ sáu", "2026-12-04"), ("Thu Bay", "2026-11-28"), ("chủ nhật", "2026-11-29"),
    ("monday", "2026-11-30"), ("t2", "2026-11-30"), ("next week", "2026-12-04"),
    ("tuần sau", "2026-12-04"), ("tháng tới", "2026-12-27"), ("3d", "2026-11-30"),
    ("in 2 weeks", "2026-12-11"), ("3 ngày nữa", "2026-11-30"), ("2 hours", "2026-11-27 17:45:30"),
    ("2026-12-01", "2026-12-01"), ("2026-12-01 08:30", "2026-12-01 08:30:00"),
    ("mai 8:30", "2026-11-28 08:30:00"), ("2026-12-01T01:30:00Z", "2026-12-01 08:30:00"),
    ("now", "2026-11-27 15:45:30"), ("mai 18h", "2026-11-28 18:00:00"),
    ("monday 9am", "2026-11-30 09:00:00"), ("tomorrow 12pm", "2026-11-28 12:00:00"),
    ("next friday", "2026-12-04"), ("30m", "2026-11-27 16:15:30"),
    ("thứ ba tới", "2026-12-01"), ("thứ hai tuần sau", "2026-11-30"),
    ("Chủ nhật tuần sau", "2026-12-06"), ("thu sau tuan sau", "2026-12-04"),
  ])
  func `what is to come`(text: String, date: String) {
    #expect(Self.read(text, .future) == date)
  }

  @Test(arguments: [
    ("10 minutes ago", "2026-11-27 15:35:30"), ("10 phút trước", "2026-11-27 15:35:30"),
    ("3 days ago", "2026-11-24 15:45:30"), ("2 tiếng trước", "2026-11-27 13:45:30"),
    ("yesterday", "2026-11-26"), ("hôm qua", "2026-11-26"),
    ("hom qua 23:00", "2026-11-26 23:00:00"),
    ("friday", "2026-11-20"), ("thu", "2026-11-26"), ("last week", "2026-11-20"),
    ("tháng trước", "2026-10-27"), ("2026-11-20", "2026-11-20"),
  ])
  func `what has been`(text: String, date: String) {
    #expect(Self.read(text, .past) == date)
  }

  @Test(arguments: [
    "", "never", "2026-02-30", "2026-13-01", "26-11-20", "10 minutes", "minutes ago", "-3 days ago",
    "99999999999999 days ago", "25:00", "tomorrow 24:00", "mai mai", "next 3", "7",
  ])
  func `what is no date`(text: String) {
    #expect(Self.read(text, .past) == nil)
  }
}

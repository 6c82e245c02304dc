// Times as people read them.

import Foundation

enum LocalTime {
  /// An RFC 3339 time in the user's own time zone, to the minute.
  static func text(_ time: String) -> String {
    let strategy = Date.ISO8601FormatStyle(includingFractionalSeconds: time.contains("."))
    guard let date = try? strategy.parse(time) else { return time }
    var seconds = time_t(date.timeIntervalSince1970)
    var parts = tm()
    localtime_r(&seconds, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : String(value) }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
      + "\(two(parts.tm_hour)):\(two(parts.tm_min))"
  }
}

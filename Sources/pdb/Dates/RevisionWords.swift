// Revisions as users write them: what the store knows, and times in words.

import ArgumentParser
import Foundation
import PDBKit

extension RevisionName {
  /// Reads what stands on a command line: a number, a tag, `@`, `@~3`, `@{10 minutes ago}`,
  /// `@{2026-11-20}`, `2026-11-20T08:30:00Z`. A day is its beginning.
  ///
  /// - Throws: `bad_request` for a text that names no revision.
  init(words text: String) throws {
    let text = try Input.text(text)
    guard text.hasPrefix("@{"), let end = text.firstIndex(of: "}") else {
      if let date = DateWords(dateIn: text) {
        self.init(.time(Timestamp(date.beginning)))
      } else {
        try self.init(parsing: text)
      }
      return
    }
    let words = String(text[..<end].dropFirst(2))
    guard let date = DateWords(words, .past) else { throw DateWords.unknown(words) }
    let rest = text[end...].dropFirst()
    let back = rest.isEmpty ? 0 : try RevisionName(parsing: "@" + rest).back
    self.init(.time(Timestamp(date.beginning)), back: back)
  }
}

extension DateWords {
  /// A date that can be no number and no tag.
  fileprivate init?(dateIn text: String) {
    let isDate = text.first?.isNumber == true && text.contains("-")
    let isWords = text.contains(" ") || ["yesterday", "today", "now"].contains(text)
    guard isDate || isWords else { return nil }
    self.init(text, .past)
  }

  /// The error for a text that is no date.
  static func unknown(_ text: String) -> PDBError {
    PDBError(
      .badRequest, "'\(text)' is no date",
      hint: "for example 2026-11-20, '2026-11-20 08:30', yesterday, '10 minutes ago', 'hôm qua'")
  }

  /// The last millisecond of a day, or the point in time.
  var end: Date {
    guard case .day(let day) = self,
      let next = Calendar.userCalendar.date(byAdding: .day, value: 1, to: day)
    else { return beginning }
    return next.addingTimeInterval(-0.001)
  }
}

extension Timestamp {
  init(_ date: Date) {
    self.init(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
  }
}

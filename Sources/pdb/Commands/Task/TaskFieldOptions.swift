// The fields of a task on the command line.

import ArgumentParser
import Foundation
import PDBKit

/// For the commands that add and change tasks.
struct TaskFieldOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Until when: 2026-11-28, tomorrow, fri, 'mai 18:00', 3d; none takes it away.",
      valueName: "date"))
  var due: String?

  @Option(name: .long, help: ArgumentHelp("high, medium, low or none.", valueName: "priority"))
  var priority: String?

  @Option(
    name: .long, help: ArgumentHelp("A word to find it by; may be repeated.", valueName: "tag"))
  var tag: [String] = []

  @Option(name: .long, help: ArgumentHelp("What it is a part of, or none.", valueName: "name"))
  var project: String?

  @Option(name: .long, help: ArgumentHelp("Anything else, or none.", valueName: "text"))
  var notes: String?

  /// What takes a field away; as in taskwarrior, nothing does, too.
  private static func isNone(_ text: String) -> Bool { text == "none" || text.isEmpty }

  /// The fields that are said.
  ///
  /// - Throws: `bad_request` for a value that a field cannot have.
  func fields() throws -> TaskFields {
    var fields = TaskFields()
    fields[.due] = try due.map { text in
      try Self.isNone(text) ? .null : .string(DueDate(words: text).description)
    }
    fields[.priority] = try priority.map(Self.value)
    fields[.project] = try project.map(Self.value)
    fields[.notes] = try notes.map(Self.value)
    if !tag.isEmpty {
      fields[.tags] =
        tag.allSatisfy(Self.isNone) ? .null : .array(try tag.map { .string(try Input.text($0)) })
    }
    return fields
  }

  private static func value(_ text: String) throws -> JSON {
    isNone(text) ? .null : .string(try Input.text(text))
  }
}

extension DueDate {
  /// A date in words: a day, or a moment with the offset that this machine has then.
  init(words text: String) throws {
    guard let date = DateWords(try Input.text(text), .future) else {
      throw PDBError(
        .badRequest, "'\(text)' is no date",
        hint: "for example 2026-11-28, tomorrow, friday, 'next week', 3d, 'mai 18:00', 'thứ sáu'")
    }
    try self.init(parsing: Self.text(date))
  }

  private static func text(_ date: DateWords) -> String {
    var seconds = time_t(date.beginning.timeIntervalSince1970)
    var parts = tm()
    localtime_r(&seconds, &parts)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
    let day = "\(parts.tm_year + 1900)-\(two(Int(parts.tm_mon) + 1))-\(two(Int(parts.tm_mday)))"
    guard case .instant = date else { return day }
    let minutes = abs(parts.tm_gmtoff) / 60
    let offset = "\(parts.tm_gmtoff < 0 ? "-" : "+")\(two(minutes / 60)):\(two(minutes % 60))"
    let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { two(Int($0)) }
    return "\(day)T\(time.joined(separator: ":"))\(offset)"
  }

  /// When it is over: the end of the day, where this program runs, or the moment.
  var end: Date? {
    if description.count == 10 { return DateWords(description, .future)?.end }
    return Timestamp(rfc3339: description).map {
      Date(timeIntervalSince1970: Double($0.milliseconds) / 1000)
    }
  }

  /// As people read it: a moment in their own time zone, to the minute.
  var shown: String { description.count == 10 ? description : LocalTime.text(description) }
}

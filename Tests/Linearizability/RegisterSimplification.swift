// Makes the history of one register easier to check without changing the verdict.
//
// Operations of unknown outcome are what makes checking expensive. Three things are known of
// them here that the general checker cannot know. Below, a change of unknown outcome *marks*
// the register with a text (a written text, an appended element); the mark is *unique* if no
// other operation of the history makes the same, and *seen* if an answer shows it.
//
// 1. A read of unknown outcome changes nothing and says nothing. It is left out.
//
// 2. A change with a unique mark that was seen did take effect, and before the first answer
//    that shows the mark was given. So it becomes an answered operation that returned then.
//    (Were it placed later or never, that answer could not be explained.) If the answer was
//    given before the change was begun, the change is left alone: nothing can explain it.
//
// 3. A change whose unique mark was never seen gets one and the same mark, as all of its kind.
//    Take an order that explains the history: renaming marks in all its states keeps every
//    step valid, because steps compare marks only with those in answers, which this one is not
//    in. The other way round too: the common mark is in no answer. So there is an order for
//    the one history exactly if there is for the other. Equal operations of unknown outcome
//    are interchangeable, which the checker makes use of. Such a change cannot just be left
//    out: it may be needed to explain why a condition failed, or what was deleted.

/// The history of one register, ready for the checker.
struct RegisterSimplification {
  private(set) var history: [Interval<RegisterOperation>] = []

  private static let unseen = "(never seen)"

  private struct Sighting {
    var returned: UInt64
    var revision: UInt64?
  }

  private var makers: [String: Int] = [:]
  private var sightings: [String: Sighting] = [:]

  init(_ records: [RegisterRecord]) {
    for record in records { count(record) }
    for record in records { noteSightings(record) }
    history = records.compactMap(simplified)
  }

  private static func mark(_ action: RegisterAction) -> String? {
    switch action {
    case .write(.text(let text), _): text
    case .append(let element): element
    default: nil
    }
  }

  private mutating func count(_ record: RegisterRecord) {
    if let mark = Self.mark(record.action) { makers[mark, default: 0] += 1 }
    // A list that is written as a whole makes all its elements.
    if case .write(.list(let elements), _) = record.action {
      for element in elements { makers[element, default: 0] += 1 }
    }
  }

  private mutating func noteSightings(_ record: RegisterRecord) {
    guard case .holds(let value, let revision) = record.answer else { return }
    switch value {
    case .text(let text): note(text, record.returned, revision)
    // The revision of a list is that of its last element's appending, not of the others'.
    case .list(let elements): for element in elements { note(element, record.returned, nil) }
    case .number, nil: break
    }
  }

  private mutating func note(_ mark: String, _ returned: UInt64, _ revision: UInt64?) {
    var sighting = sightings[mark] ?? Sighting(returned: returned, revision: revision)
    sighting.returned = min(sighting.returned, returned)
    sighting.revision = sighting.revision ?? revision
    sightings[mark] = sighting
  }

  private func simplified(_ record: RegisterRecord) -> Interval<RegisterOperation>? {
    guard record.answer == nil else {
      return Interval(
        invoked: record.invoked, returned: record.returned,
        operation: RegisterOperation(record.action, record.answer))
    }
    if record.action == .read { return nil }
    var action = record.action
    if let mark = Self.mark(action), makers[mark] == 1 {
      if let sighting = sightings[mark] {
        if sighting.returned >= record.invoked { return seen(record, sighting) }
      } else {
        action = Self.unmarked(action)
      }
    }
    return Interval(
      invoked: record.invoked, returned: nil, operation: RegisterOperation(action, nil))
  }

  private func seen(_ record: RegisterRecord, _ sighting: Sighting) -> Interval<RegisterOperation> {
    var answer: RegisterAnswer?
    if case .write(let value, _) = record.action, sighting.revision != nil {
      answer = .holds(value, revision: sighting.revision)
    }
    return Interval(
      invoked: record.invoked, returned: sighting.returned,
      operation: RegisterOperation(record.action, answer))
  }

  private static func unmarked(_ action: RegisterAction) -> RegisterAction {
    switch action {
    case .write(.text, let condition): .write(.text(unseen), condition)
    case .append: .append(unseen)
    default: action
    }
  }
}

// What the fields of a task may be.

public import PDBModel

extension TaskFields {
  /// Fields as a client sends them.
  ///
  /// - Throws: `bad_request` for a value that a field cannot have.
  public init(json: JSON) throws(PDBError) {
    self.init(membersOf: json)
    self = try checked()
  }

  /// The same fields, in the form in which they are kept.
  ///
  /// - Throws: `bad_request` for a value that a field cannot have.
  package func checked() throws(PDBError) -> TaskFields {
    var checked = self
    for field in TaskField.allCases {
      guard let value = self[field], !value.isNull else { continue }
      checked[field] = try field.checked(value)
    }
    return checked
  }
}

extension TaskField {
  fileprivate func checked(_ value: JSON) throws(PDBError) -> JSON {
    switch self {
    case .due:
      guard let text = value.string else { throw refusal("a date") }
      return .string(try DueDate(parsing: text).description)
    case .priority:
      guard let text = value.string, TaskPriority(rawValue: text) != nil else {
        throw refusal("'high', 'medium' or 'low'")
      }
      return value
    case .tags:
      guard let tags = value.array, tags.count <= Limits.tagsOfTask else {
        throw refusal("a list of at most \(Limits.tagsOfTask) words")
      }
      var words: [String] = []
      for tag in tags {
        guard let text = tag.string else { throw refusal("a list of words") }
        let word = try Self.word(text)
        if !words.contains(word) { words.append(word) }
      }
      return words.isEmpty ? .null : .array(words.map { .string($0) })
    case .project:
      guard let text = value.string else { throw refusal("a text") }
      return text.isEmpty ? .null : .string(try Title(text).text)
    case .notes:
      guard let text = value.string else { throw refusal("a text") }
      return text.isEmpty ? .null : value
    }
  }

  private func refusal(_ wanted: String) -> PDBError {
    PDBError(.badRequest, "'\(rawValue)' of a task is \(wanted), or null")
  }

  private static func word(_ text: String) throws(PDBError) -> String {
    let title = try Title(text).text
    guard !title.contains(where: { $0.isWhitespace || $0 == "," }) else {
      throw PDBError(
        .badRequest, "'\(title)' is no tag", hint: "a tag is one word without a comma")
    }
    return title
  }
}

// Parameters of requests: each is declared once, for reading and for the document.

import PDBModel

/// What the document says of a parameter.
protocol ParameterForm: Sendable {
  var place: ParameterPlace { get }
  var name: String { get }
  var schema: Schema { get }
  var summary: String { get }
  var isRequired: Bool { get }
  /// What the document calls it, where several have one name.
  var id: String { get }
}

/// Where a parameter stands in a request.
enum ParameterPlace: String, Sendable {
  case path, query, header
}

/// A part of a request that is neither its method nor its body. A reference: requests read by it.
final class Parameter<Value: Sendable>: ParameterForm {
  let place: ParameterPlace
  let name: String
  let schema: Schema
  let summary: String
  let isRequired: Bool
  let id: String
  /// What the text means.
  ///
  /// - Throws: `bad_request` for a text that means nothing.
  let read: @Sendable (String) throws -> Value

  init(
    _ place: ParameterPlace, _ name: String, _ schema: Schema, _ summary: String,
    isRequired: Bool = false, id: String? = nil,
    read: @escaping @Sendable (String) throws -> Value
  ) {
    self.place = place
    self.name = name
    self.schema = schema
    self.summary = summary
    self.isRequired = isRequired || place == .path
    self.id = id ?? name
    self.read = read
  }
}

extension Parameter<String> {
  /// A text that is taken as it is.
  static func text(
    _ place: ParameterPlace, _ name: String, _ schema: Schema, _ summary: String,
    isRequired: Bool = false
  ) -> Self {
    Self(place, name, schema, summary, isRequired: isRequired) { $0 }
  }
}

extension Parameter<Int> {
  /// A count, as in `?limit=10`.
  static func count(_ name: String, _ summary: String) -> Self {
    query(name, .count, "must be a whole number", summary) { text in
      Int(text).flatMap { $0 >= 0 ? $0 : nil }
    }
  }
}

extension Parameter<UInt64> {
  /// The number of a revision.
  static func revision(_ name: String, _ summary: String) -> Self {
    query(name, .unsigned, "must be a revision", summary) { UInt64($0) }
  }
}

extension Parameter<RevisionName> {
  /// A revision as users name it.
  static func revisionName(
    _ name: String, _ summary: String, isRequired: Bool = false
  ) -> Self {
    Self(.query, name, .revisionName, summary, isRequired: isRequired) {
      try RevisionName(parsing: $0)
    }
  }
}

extension Parameter<Bool> {
  /// A choice, as in `?force=true`.
  static func flag(_ name: String, _ summary: String) -> Self {
    query(name, .boolean, "is 'true' or 'false'", summary) { Bool($0) }
  }
}

extension Parameter {
  /// A part of the query.
  ///
  /// - Parameters:
  ///   - said: what is said of it to a text that means nothing.
  ///   - value: what the text means; `nil` if nothing.
  private static func query(
    _ name: String, _ schema: Schema, _ said: String, _ summary: String,
    value: @escaping @Sendable (String) -> Value?
  ) -> Self {
    Self(.query, name, schema, summary) { text in
      guard let value = value(text) else {
        throw PDBError(.badRequest, "'\(name)' \(said), not '\(text)'")
      }
      return value
    }
  }

  /// One of some words.
  ///
  /// - Parameters:
  ///   - schema: what the schema is called.
  ///   - said: the words as a sentence lists them.
  static func choice(
    _ name: String, _ schema: String, _ words: [String], _ said: String, _ summary: String,
    value: @escaping @Sendable (String) -> Value
  ) -> Self {
    query(name, Schema.choice(words).named(schema), "is \(said)", summary) { text in
      words.contains(text) ? .some(value(text)) : .none
    }
  }
}

extension Exchange {
  /// A parameter of the query; `nil` if it is not there.
  ///
  /// - Throws: `bad_request` for a text that means nothing.
  func read<Value>(_ parameter: Parameter<Value>) throws -> Value? {
    try query(parameter.name).map(parameter.read)
  }

  /// The parameter in the path.
  func readPath<Value>(_ parameter: Parameter<Value>) throws -> Value {
    try parameter.read(self.parameter ?? "")
  }
}

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
    Self(.query, name, .count, summary) { text in
      guard let count = Int(text), count >= 0 else {
        throw PDBError(.badRequest, "'\(name)' must be a whole number, not '\(text)'")
      }
      return count
    }
  }
}

extension Parameter<UInt64> {
  /// The number of a revision.
  static func revision(_ name: String, _ summary: String) -> Self {
    Self(.query, name, .unsigned, summary) { text in
      guard let number = UInt64(text) else {
        throw PDBError(.badRequest, "'\(name)' must be a revision, not '\(text)'")
      }
      return number
    }
  }
}

extension Parameter<Bool> {
  /// A choice, as in `?force=true`.
  static func flag(_ name: String, _ summary: String) -> Self {
    Self(.query, name, .boolean, summary) { text in
      guard let value = Bool(text) else {
        throw PDBError(.badRequest, "'\(name)' is 'true' or 'false', not '\(text)'")
      }
      return value
    }
  }
}

extension Parameter {
  /// One of some words.
  ///
  /// - Parameters:
  ///   - schema: what the schema is called.
  ///   - said: the words as a sentence lists them.
  static func choice(
    _ name: String, _ schema: String, _ words: [String], _ said: String, _ summary: String,
    value: @escaping @Sendable (String) -> Value
  ) -> Self {
    Self(.query, name, Schema.choice(words).named(schema), summary) { text in
      guard words.contains(text) else {
        throw PDBError(.badRequest, "'\(name)' is \(said), not '\(text)'")
      }
      return value(text)
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

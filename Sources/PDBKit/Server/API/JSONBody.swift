// Bodies of requests: each is a type, whose fields are declared once, for reading and for the
// document.

import PDBModel

/// What the JSON body of a request means.
protocol JSONBody: Sendable {
  /// Its fields. From them comes how it is read, and what the document says of it.
  static var shape: BodyShape<Self> { get }
}

/// The fields of a body, and what they make together.
struct BodyShape<Body>: Sendable {
  let schema: Schema
  /// - Throws: what is wrong with the first field that is not as it should be.
  let read: @Sendable (JSON) throws -> Body

  /// A body that has no fields.
  ///
  /// - Parameter others: what is said to a member that means nothing; `nil`: it is ignored.
  init(_ name: String, others: UnknownMember? = nil, make: @escaping @Sendable () -> Body) {
    self.init(name, [], [], others) { _ in make() }
  }

  /// A body of one field.
  ///
  /// - Parameters:
  ///   - name: of the schema.
  ///   - others: what is said to a member that means nothing; `nil`: it is ignored.
  ///   - make: the body, of the value of the field.
  init<Value>(
    _ name: String, _ field: Field<Value>, others: UnknownMember? = nil,
    make: @escaping @Sendable (Value) throws -> Body
  ) {
    self.init(name, field.members, field.alternatives, others) { try make(field.read($0)) }
  }

  /// A body of two fields.
  ///
  /// - Parameters:
  ///   - alternatives: fields of which one at least must be there; that is `make`'s to check.
  ///   - others: what is said to a member that means nothing; `nil`: it is ignored.
  init<First, Second>(
    _ name: String, _ first: Field<First>, _ second: Field<Second>,
    oneOf alternatives: [Schema.Alternative] = [], others: UnknownMember? = nil,
    make: @escaping @Sendable (First, Second) throws -> Body
  ) {
    self.init(
      name, first.members + second.members,
      first.alternatives + second.alternatives + alternatives, others
    ) { try make(first.read($0), second.read($0)) }
  }

  private init(
    _ name: String, _ members: [Schema.Member], _ alternatives: [Schema.Alternative],
    _ others: UnknownMember?, read: @escaping @Sendable (JSON) throws -> Body
  ) {
    schema = .object(members, oneOf: alternatives, isOpen: others == nil).named(name)
    guard let others else {
      self.read = read
      return
    }
    let known = members.map(\.name)
    self.read = { json in
      try others.check(json, known)
      return try read(json)
    }
  }

  /// A body that has one of two forms.
  ///
  /// - Parameter member: what only the first one has.
  init(_ name: String, _ first: Self, if member: String, else second: Self) {
    schema = .either(first.schema, if: member, else: second.schema).named(name)
    read = { json in try json[member] == nil ? second.read(json) : first.read(json) }
  }
}

/// One field of a body: a member, or several that say the same in different ways.
struct Field<Value: Sendable>: Sendable {
  let members: [Schema.Member]
  /// Which of its members stand for each other.
  let alternatives: [Schema.Alternative]
  /// The value in the whole body.
  let read: @Sendable (JSON) throws -> Value

  init(
    _ members: [Schema.Member], oneOf alternatives: [Schema.Alternative] = [],
    read: @escaping @Sendable (JSON) throws -> Value
  ) {
    (self.members, self.alternatives, self.read) = (members, alternatives, read)
  }

  /// A member that must be there.
  ///
  /// - Parameters:
  ///   - complaint: what is said if it is missing, or is something else.
  ///   - value: what it means; `nil` if it is something else.
  init(
    _ name: String, _ schema: Schema, else complaint: PDBError,
    value: @escaping @Sendable (JSON) throws -> Value?
  ) {
    self.init([.required(name, schema)]) { body in
      guard let value = try body[name].flatMap(value) else { throw complaint }
      return value
    }
  }

  /// A member that may be missing; then the value is `nil`.
  ///
  /// - Parameters:
  ///   - complaint: what is said if it is something else.
  ///   - value: what it means; `nil` if it is something else.
  static func optional<Wrapped: Sendable>(
    _ name: String, _ schema: Schema, else complaint: PDBError,
    value: @escaping @Sendable (JSON) throws -> Wrapped?
  ) -> Field<Wrapped?> where Value == Wrapped? {
    Field([.optional(name, schema)]) { body in
      guard let member = body[name] else { return nil }
      guard let value = try value(member) else { throw complaint }
      return value
    }
  }
}

/// What is said to a member that means nothing.
struct UnknownMember: Sendable {
  let hint: String

  fileprivate func check(_ body: JSON, _ known: [String]) throws {
    for member in body.members ?? [] where !known.contains(member.name) {
      throw PDBError(
        .badRequest, "'\(member.name.escapingControlCharacters)' means nothing here", hint: hint)
    }
  }
}

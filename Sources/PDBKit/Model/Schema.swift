// What JSON looks like, as data: JSON Schema, draft 2020-12, which OpenAPI 3.1 has too.
//
// Objects are open: what is described may grow by members.

/// The description of a JSON value.
package struct Schema: Sendable {
  /// A member of an object.
  package struct Member: Sendable {
    package let name: String
    package let schema: Schema
    /// Whether it is always there.
    package let isRequired: Bool

    package static func required(_ name: String, _ schema: Schema) -> Self {
      Self(name: name, schema: schema, isRequired: true)
    }

    package static func optional(_ name: String, _ schema: Schema) -> Self {
      Self(name: name, schema: schema, isRequired: false)
    }
  }

  /// Two members that say the same in different ways.
  package struct Alternative: Sendable {
    /// What counts if it is there.
    package let name: String
    /// What must be there otherwise, and as what.
    package let other: Member

    package init(_ name: String, else other: Member) { (self.name, self.other) = (name, other) }
  }

  /// What stands beside a keyword.
  private indirect enum Value: Sendable {
    case json(JSON)
    case schema(Schema)
    case schemas([Schema])
    case members([Member])
  }

  private var keywords: [(name: String, value: Value)]
  /// What others refer to it by.
  package private(set) var name: String?

  private init(_ keywords: [(String, Value?)]) {
    self.keywords = keywords.compactMap { name, value in value.map { (name, $0) } }
  }

  private init(type: String, _ more: [(String, JSON?)] = []) {
    self.init([("type", .json(.string(type)))] + more.map { ($0, $1.map { .json($0) }) })
  }
}

// MARK: Making

extension Schema {
  /// Any JSON value.
  package static let any = Schema([])
  package static let boolean = Schema(type: "boolean")
  package static let number = Schema(type: "number")
  package static let string = string()
  /// A whole number that is not negative: a revision, an index, a term.
  package static let unsigned = integer(0, UInt64.max)
  /// How many there are of something.
  package static let count = integer(0, Int64.max)
  /// RFC 3339, section 5.6, in UTC.
  package static let time = string(format: "date-time")

  package static func integer(_ least: some BinaryInteger, _ most: some BinaryInteger) -> Schema {
    Schema(type: "integer", [("minimum", JSON(least)), ("maximum", JSON(most))])
  }

  /// - Parameters:
  ///   - pattern: a regular expression (ECMA-262).
  ///   - least: how many characters at least.
  ///   - most: how many characters at most.
  package static func string(
    format: String? = nil, pattern: String? = nil, least: Int? = nil, most: Int? = nil
  ) -> Schema {
    Schema(
      type: "string",
      [
        ("format", format.map { .string($0) }), ("pattern", pattern.map { .string($0) }),
        ("minLength", least.map { JSON($0) }), ("maxLength", most.map { JSON($0) }),
      ])
  }

  /// One of some strings.
  package static func choice(_ names: [String]) -> Schema {
    Schema(type: "string", [("enum", .array(names.map { .string($0) }))])
  }

  /// One string and no other.
  package static func only(_ text: String) -> Schema {
    Schema(type: "string", [("const", .string(text))])
  }

  package static func array(of item: Schema, least: Int? = nil, most: Int? = nil) -> Schema {
    Schema([
      ("type", .json("array")), ("items", .schema(item)),
      ("minItems", least.map { .json(JSON($0)) }), ("maxItems", most.map { .json(JSON($0)) }),
    ])
  }

  /// - Parameters:
  ///   - alternatives: pairs of members of which one at least must be there.
  ///   - isOpen: whether other members may be there.
  package static func object(
    _ members: [Member], oneOf alternatives: [Alternative] = [], isOpen: Bool = true
  ) -> Schema {
    let required = members.filter(\.isRequired).map { JSON.string($0.name) }
    var schema = Schema([
      ("type", .json("object")),
      ("required", required.isEmpty ? nil : .json(.array(required))),
      ("properties", members.isEmpty ? nil : .members(members)),
    ])
    schema.keywords += conditions(alternatives[...])
    if !isOpen { schema.keywords.append(("additionalProperties", .json(false))) }
    return schema
  }

  /// One condition within the other: `if`, `then` and `else` stand in a schema once.
  private static func conditions(
    _ alternatives: ArraySlice<Alternative>
  ) -> [(name: String, value: Value)] {
    guard let alternative = alternatives.first else { return [] }
    let rest = conditions(alternatives.dropFirst())
    var otherwise = Schema([("required", .json([.string(alternative.other.name)]))])
    otherwise.keywords.append(("properties", .members([alternative.other])))
    otherwise.keywords += rest
    var then = Schema([])
    then.keywords = rest
    return [
      ("if", .schema(Schema([("required", .json([.string(alternative.name)]))]))),
      ("then", .schema(then)), ("else", .schema(otherwise)),
    ]
  }

  /// An object whose members have names that nobody knows before.
  package static func map(of value: Schema) -> Schema {
    Schema([("type", .json("object")), ("additionalProperties", .schema(value))])
  }

  /// At least one of several.
  package static func any(of schemas: [Schema]) -> Schema { Schema([("anyOf", .schemas(schemas))]) }

  /// One of two objects: the first has a member that tells them apart.
  package static func either(_ first: Schema, if member: String, else second: Schema) -> Schema {
    Schema([
      ("anyOf", .schemas([first, second])),
      ("if", .schema(Schema([("required", .json([.string(member)]))]))), ("then", .schema(first)),
    ])
  }

  /// This, or `null`.
  package var nullable: Schema { .any(of: [self, Schema(type: "null")]) }

  /// The same with a few words about it.
  package func about(_ text: String) -> Schema {
    // Beside a reference other keywords count, too (JSON Schema Core, section 8.2.3.1).
    var copy = name == nil ? self : Schema([("allOf", .schemas([self]))])
    copy.keywords.append(("description", .json(.string(text))))
    return copy
  }

  /// The same with another keyword, for what there is no word for here.
  package func with(_ keyword: String, _ value: JSON) -> Schema {
    var copy = self
    copy.keywords.append((keyword, .json(value)))
    return copy
  }

  /// The same with a keyword whose value is a schema.
  package func with(_ keyword: String, _ schema: Schema) -> Schema {
    var copy = self
    copy.keywords.append((keyword, .schema(schema)))
    return copy
  }

  /// The same under a name: it stands in the document once, and others refer to it.
  package func named(_ name: String) -> Schema {
    var copy = self
    copy.name = name
    return copy
  }
}

// MARK: Writing

extension Schema {
  /// The members of an object that are described.
  package var members: [Member] {
    for case ("properties", .members(let members)) in keywords { return members }
    return []
  }

  /// A document of its own, with what has names below `$defs`.
  package func document(title: String, about text: String) -> JSON {
    let place = "#/$defs/"
    var found: [String: Schema] = [:]
    for member in members { member.schema.collectNames(into: &found) }
    let head: [JSON.Member] = [
      .init("$schema", "https://json-schema.org/draft/2020-12/schema"),
      .init("title", .string(title)), .init("description", .string(text)),
    ]
    let definitions = found.sorted { $0.key < $1.key }.map {
      JSON.Member($0.key, $0.value.definition(namesIn: place))
    }
    return .object(
      head + (definition(namesIn: place).members ?? [])
        + (definitions.isEmpty ? [] : [.init("$defs", .object(definitions))]))
  }

  /// As it stands where it is used.
  ///
  /// - Parameter place: where schemas with names stand, as in `#/$defs/`.
  package func json(namesIn place: String) -> JSON {
    if let name { return ["$ref": .string(place + name)] }
    return definition(namesIn: place)
  }

  /// As it stands under its name.
  package func definition(namesIn place: String) -> JSON {
    .object(
      keywords.map { name, value in
        let json: JSON =
          switch value {
          case .json(let json): json
          case .schema(let schema): schema.json(namesIn: place)
          case .schemas(let schemas): .array(schemas.map { $0.json(namesIn: place) })
          case .members(let members):
            .object(members.map { .init($0.name, $0.schema.json(namesIn: place)) })
          }
        return JSON.Member(name, json)
      })
  }

  /// Adds every schema with a name that stands in this one, and this one if it has a name.
  package func collectNames(into found: inout [String: Schema]) {
    if let name {
      guard found[name] == nil else { return }
      found[name] = self
    }
    for (_, value) in keywords {
      switch value {
      case .json: break
      case .schema(let schema): schema.collectNames(into: &found)
      case .schemas(let schemas): for schema in schemas { schema.collectNames(into: &found) }
      case .members(let members): for member in members { member.schema.collectNames(into: &found) }
      }
    }
  }
}

// Holds JSON against JSON Schema (draft 2020-12), as far as pdb's own schemas go.

import Foundation
import PDBKit

/// Says what is wrong with a value, by a schema that may refer to others in its document.
struct SchemaValidator {
  let document: JSON

  /// A word of a schema that this validator does not know: what it says of values would mean nothing.
  struct UnknownKeyword: Error {
    let name: String
  }

  /// What a reference means.
  func resolved(_ schema: JSON) throws -> JSON {
    guard let reference = schema["$ref"]?.string else { return schema }
    var place: JSON? = document
    for name in reference.dropFirst(2).split(separator: "/") { place = place?[String(name)] }
    guard let place else { throw UnknownKeyword(name: reference) }
    return try resolved(place)
  }

  /// - Returns: the first thing that is wrong, and where; `nil` for a value that is as the schema says.
  func objection(to value: JSON, by schema: JSON, at place: String = "") throws -> String? {
    let schema = try resolved(schema)
    for keyword in schema.members ?? [] {
      if let objection = try objection(to: value, keyword, schema, place) { return objection }
    }
    return nil
  }

  private func objection(
    to value: JSON, _ keyword: JSON.Member, _ schema: JSON, _ place: String
  ) throws -> String? {
    func check(_ isRight: Bool) -> String? {
      isRight
        ? nil : "\(place): \(value.text.prefix(80)) against \(keyword.name) \(keyword.value.text)"
    }
    let meant = keyword.value
    switch keyword.name {
    case "type": return check(hasType(value, meant.string ?? ""))
    case "const": return check(value == meant)
    case "enum": return check(meant.array?.contains(value) == true)
    case "required":
      guard value.members != nil else { return nil }
      return check((meant.array ?? []).allSatisfy { value[$0.string ?? ""] != nil })
    case "properties":
      for property in meant.members ?? [] {
        guard let member = value[property.name] else { continue }
        let inside = "\(place)/\(property.name)"
        if let wrong = try objection(to: member, by: property.value, at: inside) { return wrong }
      }
      return nil
    case "additionalProperties":
      let known = Set((schema["properties"]?.members ?? []).map(\.name))
      for member in value.members ?? [] where !known.contains(member.name) {
        if meant.bool == false { return check(false) }
        let inside = "\(place)/\(member.name)"
        if let wrong = try objection(to: member.value, by: meant, at: inside) { return wrong }
      }
      return nil
    case "items":
      for (position, element) in (value.array ?? []).enumerated() {
        let inside = "\(place)/\(position)"
        if let wrong = try objection(to: element, by: meant, at: inside) { return wrong }
      }
      return nil
    case "minItems": return check(value.array.map { $0.count >= number(meant) } ?? true)
    case "maxItems": return check(value.array.map { $0.count <= number(meant) } ?? true)
    case "minLength":
      return check(value.string.map { $0.unicodeScalars.count >= number(meant) } ?? true)
    case "maxLength":
      return check(value.string.map { $0.unicodeScalars.count <= number(meant) } ?? true)
    case "pattern":
      guard let text = value.string else { return nil }
      let pattern = try NSRegularExpression(pattern: meant.string ?? "")
      let range = NSRange(text.startIndex..., in: text)
      return check(pattern.firstMatch(in: text, range: range) != nil)
    case "format":
      switch meant.string {
      case "date-time": return check(value.string.map { Timestamp(parsing: $0) != nil } ?? true)
      case "binary": return nil
      default: throw UnknownKeyword(name: "format \(meant.text)")
      }
    case "minimum": return check(decimal(value).map { $0 >= decimal(meant)! } ?? true)
    case "maximum": return check(decimal(value).map { $0 <= decimal(meant)! } ?? true)
    case "anyOf":
      return check(
        try (meant.array ?? []).contains { try objection(to: value, by: $0, at: place) == nil })
    case "not": return check(try objection(to: value, by: meant, at: place) != nil)
    case "if":
      let branch = try objection(to: value, by: meant, at: place) == nil ? "then" : "else"
      guard let branch = schema[branch] else { return nil }
      return try objection(to: value, by: branch, at: place)
    case "allOf":
      for part in meant.array ?? [] {
        if let wrong = try objection(to: value, by: part, at: place) { return wrong }
      }
      return nil
    case "then", "else", "description", "title", "$schema", "$id", "$defs", "contentEncoding":
      return nil
    default: throw UnknownKeyword(name: keyword.name)
    }
  }

  private func hasType(_ value: JSON, _ type: String) -> Bool {
    switch value {
    case .null: type == "null"
    case .bool: type == "boolean"
    case .number: type == "number" || type == "integer" && decimal(value).map(isWhole) == true
    case .string: type == "string"
    case .array: type == "array"
    case .object: type == "object"
    }
  }

  private func number(_ json: JSON) -> Int { Int(json.int64 ?? 0) }

  private func decimal(_ json: JSON) -> Decimal? {
    if case .number(let digits) = json { Decimal(string: digits) } else { nil }
  }

  private func isWhole(_ number: Decimal) -> Bool {
    var (exact, rounded) = (number, Decimal())
    NSDecimalRound(&rounded, &exact, 0, .plain)
    return exact == rounded
  }
}

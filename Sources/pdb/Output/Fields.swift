// `--fields a,b.c`: some members of an answer, as a table, in a pipe or as JSON. `b.c` is the member c of
// b, `tags.0` the first of a list.

import ArgumentParser
import Foundation
import PDBKit

/// The fields that were asked for. Of a list they are those of its items.
struct Fields {
  private let names: [String]
  private let json: JSON
  /// The answer's one list of objects, if the fields are those of its items.
  private let list: JSON.Member?

  /// - Throws: a usage error for a field that nothing in the answer has.
  init(_ fields: String, of json: JSON) throws {
    names = fields.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    self.json = json
    let list = json.members?.first { member in
      // An empty one does not tell what its items would be.
      guard let items = member.value.array, items.allSatisfy({ $0.members != nil }) else {
        return false
      }
      return !items.isEmpty || AnswerShape.lists.contains(member.name)
    }
    let listed = list?.value.array ?? []
    func has(_ items: [JSON], _ name: String) -> Bool {
      items.contains { $0.value(at: name) != nil }
    }
    // A revision has a list of changes, and is not one.
    let isAboutItems =
      listed.isEmpty || names.contains { has(listed, $0) } || !names.allSatisfy { has([json], $0) }
    self.list = isAboutItems ? list : nil
    let items = self.list?.value.array ?? [json]
    for name in names where !items.isEmpty && !has(items, name) {
      var known: [String] = []
      for member in items.flatMap({ $0.members ?? [] }) where !known.contains(member.name) {
        known.append(member.name)
      }
      throw ValidationError(
        "there is no field '\(name)'; there are \(known.joined(separator: ", "))")
    }
  }

  /// The answer with only these fields.
  var picked: JSON {
    guard let list else { return pick(json) }
    return .object(
      (json.members ?? []).map { member in
        member.name == list.name
          ? .init(member.name, .array((member.value.array ?? []).map(pick))) : member
      })
  }

  private func pick(_ item: JSON) -> JSON {
    .object(names.map { JSON.Member($0, item.value(at: $0) ?? .null) })
  }

  /// A column a field, a row an item.
  var table: Table {
    var table = Table(names.map { Table.Column(title: TerminalText($0.uppercased())) })
    for item in list?.value.array ?? [json] {
      table.add(names.map { Self.text(item.value(at: $0) ?? .null) })
    }
    return table
  }

  private static func text(_ value: JSON) -> String {
    if value.isNull { return "" }
    return value.string ?? value.text
  }
}

extension JSON {
  /// The member with this name, or what a path of names and positions leads to.
  fileprivate func value(at path: String) -> JSON? {
    if let member = self[path] { return member }
    var value: JSON? = self
    for name in path.split(separator: ".", omittingEmptySubsequences: false) {
      if let list = value?.array {
        value = Int(name).flatMap { list.indices.contains($0) ? list[$0] : nil }
      } else {
        value = value?[String(name)]
      }
    }
    return value
  }
}

// From the table of a pickle's containers to one JSON value of bounded size.

import Foundation
import PDBModel

/// Turns what a pickle built into JSON.
///
/// Containers may be shared, which costs a pickle a few bytes and JSON a whole copy, so
/// everything is weighed first: each container once, whatever refers to it.
struct PickleConversion {
  /// How much JSON a value stands for.
  private struct Weight {
    var values = 1
    var textBytes = 0
    var height = 1
  }

  private enum State {
    case unknown
    /// Being weighed: a value that refers to it now is inside of it.
    case open
    case known(Weight)
  }

  private let contents: [[PickleValue]]
  private let limit: Int
  private var states: [State]

  /// - Parameters:
  ///   - contents: what the containers hold, by their number.
  ///   - limit: how deep they may be nested.
  init(contents: [[PickleValue]], limit: Int) {
    self.contents = contents
    self.limit = limit
    states = Array(repeating: .unknown, count: contents.count)
  }

  consuming func convert(_ value: PickleValue) throws -> JSON {
    _ = try weigh(value, depth: 1)
    return try json(value)
  }

  // MARK: Weighing

  private mutating func weigh(_ value: PickleValue, depth: Int) throws -> Weight {
    guard depth <= limit else { throw tooDeep }
    switch value {
    case .none, .bool: return Weight()
    case .number(let text), .text(let text): return Weight(textBytes: text.utf8.count)
    case .binary(let bytes):
      guard depth < limit else { throw tooDeep }
      return Weight(values: 2, textBytes: bytes.count / 3 * 4 + 4, height: 2)
    case .list(let number), .set(let number), .fixed(let number), .dictionary(let number):
      return try weigh(container: number, depth: depth)
    }
  }

  private mutating func weigh(container number: Int, depth: Int) throws -> Weight {
    switch states[number] {
    case .known(let weight):
      guard depth + weight.height - 1 <= limit else { throw tooDeep }
      return weight
    case .open:
      throw PDBError.unsupportedPickle("the pickle holds a list or dict that contains itself")
    case .unknown:
      states[number] = .open
      let weight = try weigh(contents[number], depth: depth)
      states[number] = .known(weight)
      return weight
    }
  }

  private mutating func weigh(_ elements: [PickleValue], depth: Int) throws -> Weight {
    var sum = Weight()
    for element in elements {
      let weight = try weigh(element, depth: depth + 1)
      sum.values += weight.values
      sum.textBytes += weight.textBytes
      sum.height = max(sum.height, weight.height + 1)
      guard sum.values <= Pickle.valueCount, sum.textBytes <= Pickle.textBytes else {
        throw tooLarge
      }
    }
    return sum
  }

  private var tooDeep: PDBError {
    .unsupportedPickle("the pickle is nested deeper than \(limit) levels")
  }

  private var tooLarge: PDBError {
    .unsupportedPickle(
      "the pickle stands for more than \(Pickle.valueCount) values"
        + " or \(Pickle.textBytes) bytes of text")
  }

  // MARK: Building

  private func json(_ value: PickleValue) throws -> JSON {
    switch value {
    case .none: .null
    case .bool(let value): .bool(value)
    case .number(let digits): .number(digits)
    case .text(let text): .string(text)
    case .binary(let bytes): ["value_b64": .string(Data(bytes).base64EncodedString())]
    case .list(let number), .set(let number), .fixed(let number):
      .array(try contents[number].map(json))
    case .dictionary(let number): .object(try members(contents[number]))
    }
  }

  /// The members of a dict. A key that comes twice keeps its place and takes the later value,
  /// as in Python.
  private func members(_ content: [PickleValue]) throws -> [JSON.Member] {
    var members: [JSON.Member] = []
    var positions: [Bytes: (member: Int, isText: Bool)] = [:]
    members.reserveCapacity(content.count / 2)
    positions.reserveCapacity(content.count / 2)
    for index in stride(from: 0, to: content.count - 1, by: 2) {
      let key = content[index]
      let member = JSON.Member(try name(key), try json(content[index + 1]))
      if let earlier = positions[Bytes(utf8: member.name)] {
        guard earlier.isText == key.isText else { throw sameText(member.name) }
        members[earlier.member] = member
      } else {
        positions[Bytes(utf8: member.name)] = (members.count, key.isText)
        members.append(member)
      }
    }
    return members
  }

  private func name(_ key: PickleValue) throws -> String {
    if let text = key.keyText { return text }
    throw PDBError.unsupportedPickle(
      "the pickle holds a dict with a key that is neither text nor a number")
  }

  private func sameText(_ name: String) -> PDBError {
    .unsupportedPickle(
      "the pickle holds a dict in which two keys, one of them not text, would both be '\(name.shownBriefly)'"
    )
  }
}

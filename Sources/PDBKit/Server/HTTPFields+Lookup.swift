// Looking a few fields up in a short list. The list's own subscript makes an index first, and joins
// what is there several times.

import HTTPTypes

extension HTTPField.Name {
  static let host = Self("Host")!
}

extension HTTPFields {
  func has(_ name: HTTPField.Name) -> Bool { contains { $0.name == name } }

  func first(_ name: HTTPField.Name) -> String? { first { $0.name == name }?.value }

  mutating func add(_ name: HTTPField.Name, _ value: String) {
    append(HTTPField(name: name, value: value))
  }
}

// What a pickle builds, and how that becomes JSON.

import PDBModel

/// A value on the stack of a pickle.
///
/// Containers are numbers of entries in a table, because a pickle keeps and refers to them
/// while it still fills them, and may refer to one from many places.
enum PickleValue {
  case none
  case bool(Bool)
  /// Digits as JSON writes them.
  case number(String)
  case text(String)
  /// Bytes that are not UTF-8.
  case binary(Bytes)
  case list(Int)
  case set(Int)
  /// A tuple or a frozenset: nothing can be added to it.
  case fixed(Int)
  /// Its content is key, value, key, value and so on.
  case dictionary(Int)

  /// Text if the bytes are UTF-8: Python 2 did not tell the two apart.
  init(textOrBinary bytes: ArraySlice<UInt8>) {
    if let text = String(validating: bytes, as: UTF8.self) {
      self = .text(text)
    } else {
      self = .binary(Bytes(bytes))
    }
  }

  var isText: Bool { if case .text = self { true } else { false } }

  /// What Python's `json.dumps` makes of a key; `nil` if it would not take it.
  var keyText: String? {
    switch self {
    case .none: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let digits): digits
    case .text(let text): text
    case .binary, .list, .set, .fixed, .dictionary: nil
    }
  }
}

// Changes in a few words.

import PDBKit

extension Change {
  static func add(_ title: String) throws -> Change { .addTasks([try Title(title)]) }

  static func set(_ key: String, to value: JSON) -> Change {
    .set(NewPair(key: Bytes(key.utf8), value: value.serialized()), .none, .spare)
  }
}

// `pdb kv`: the group, and how its commands read and show values.

import ArgumentParser
import PDBKit

struct KVCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kv", abstract: "Read and change key-value pairs.",
    subcommands: [
      KVSet.self, KVGet.self, KVEdit.self, KVRm.self, KVLs.self, KVIncr.self, KVAppend.self,
      KVTTL.self,
      KVTouch.self, KVWatch.self,
    ])
}

enum Value {
  /// The bytes to store: JSON if it is JSON, else a string; bytes that are not text as they are.
  static func stored(_ bytes: Bytes, asString: Bool) -> Bytes {
    if asString, let text = String(validating: bytes, as: UTF8.self) {
      return JSON.string(text).serialized()
    }
    return NewPair.storedValue(of: bytes)
  }

  /// A value of the command line.
  static func stored(_ argument: String, asString: Bool) throws -> Bytes {
    stored(Bytes(try Input.text(argument).utf8), asString: asString)
  }

  /// The bytes of a value: a string's text, other values as JSON.
  static func bytes(of pair: Pair) -> Bytes {
    guard let text = (try? JSON(parsing: pair.value))?.string else { return pair.value }
    return Bytes(text.utf8)
  }

  /// Prints one line for people and pipes.
  static func print(_ pair: Pair) {
    Console.write(cell: String(decoding: bytes(of: pair), as: UTF8.self))
  }
}

extension Bytes {
  /// A key as the user names it.
  init(key word: String) throws {
    guard !word.isEmpty else { throw PDBError(.invalidKey, "a key cannot be empty") }
    self.init(try Input.text(word).utf8)
  }
}

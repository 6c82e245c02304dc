// `pdb kv`: the group, and how its commands read and show values.

import ArgumentParser
import Foundation
import PDBKit

struct KVCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kv", abstract: "Read and change key-value pairs.",
    subcommands: [
      KVSet.self, KVGet.self, KVRm.self, KVLs.self, KVIncr.self, KVAppend.self, KVWatch.self,
    ])
}

enum Value {
  /// The members of a request that carry a value: JSON if it is JSON, else a string; bytes
  /// that are not text as base64.
  static func members(_ bytes: [UInt8], asString: Bool) -> [JSON.Member] {
    if !asString, let json = try? JSON(parsing: bytes) { return [.init("value", json)] }
    if let text = String(validating: bytes, as: UTF8.self) {
      return [.init("value", .string(text))]
    }
    return [.init("value_b64", .string(Data(bytes).base64EncodedString()))]
  }

  /// A value of the command line.
  static func json(_ argument: String, asString: Bool) throws -> JSON {
    let text = try Input.text(argument)
    if !asString, let json = try? JSON(parsing: text.utf8) { return json }
    return .string(text)
  }

  /// The bytes of an answer's value: a string's text, other values as JSON.
  static func bytes(of pair: JSON) -> [UInt8] {
    if let encoded = pair["value_b64"]?.string, let data = Data(base64Encoded: encoded) {
      return [UInt8](data)
    }
    if let text = pair["value"]?.string { return Array(text.utf8) }
    return pair["value"]?.serialized() ?? []
  }

  /// One line for people and pipes.
  static func line(of pair: JSON) -> String {
    let text = String(decoding: bytes(of: pair), as: UTF8.self)
    return Console.isTerminal(.output) ? text.escapingControlCharacters : text.tabEscaped
  }
}

extension ClientRequest {
  static func pair(_ method: Method, _ key: String, body: JSON? = nil) throws -> ClientRequest {
    // An empty key would name the list of all keys.
    guard !key.isEmpty else { throw PDBError(.invalidKey, "a key cannot be empty") }
    return ClientRequest(method, "/kv/\(try Input.text(key).percentEncoded)", body: body)
  }
}

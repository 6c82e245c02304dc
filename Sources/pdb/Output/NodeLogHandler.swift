// The log of a node: one line per event, for people or for machines.

import ArgumentParser
import Foundation
import Logging
import PDBKit

/// Writes log lines to stderr, as text or as JSON. Control characters cannot forge lines.
struct NodeLogHandler: LogHandler {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  let node: String
  let format: Format
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  init(node: String, format: Format, level: Logger.Level) {
    self.node = node
    self.format = format
    logLevel = level
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let message = event.message.description
    let time = Timestamp.now.description
    switch format {
    case .text:
      let rest = all.map { "  \($0)=\($1)" }.joined()
      let level = event.level.rawValue.uppercased()
      let padded = level + String(repeating: " ", count: max(0, 7 - level.count))
      Console.writeError("\(time) \(padded) \(node)  \(message)\(rest)")
    case .json:
      let members: [JSON.Member] = [
        .init("time", .string(time)), .init("level", .string(event.level.rawValue)),
        .init("node", .string(node)), .init("message", .string(message)),
      ]
      let rest = all.map { JSON.Member($0, .string("\($1)")) }
      Console.writeError(json: .object(members + rest))
    }
  }
}

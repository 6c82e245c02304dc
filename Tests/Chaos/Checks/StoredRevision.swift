// One revision as a node keeps it in its history, and how its changes are written.

import Foundation
import Linearizability

/// A row of the table `history`.
struct StoredRevision: Equatable, Sendable {
  struct Change: Equatable, Sendable {
    struct Before: Equatable, Sendable {
      let revision: UInt64
      let value: [UInt8]
    }

    let key: [UInt8]
    let before: Before?
    let after: [UInt8]?
  }

  let revision: UInt64
  let logIndex: UInt64
  let term: UInt64
  let request: String?
  let operation: String
  let changes: [Change]
}

/// Reads the notation of `changes`: a list of (key, optional (revision, value), optional value).
///
///     number     seven bits a byte, low bits first; the high bit says that more follow
///     bytes      their count as a number, then they
///     optional   0, or 1 and the value
///     list       its count as a number, then the elements
struct ChangeReader {
  struct Malformed: Error {}

  private var rest: ArraySlice<UInt8>

  private init(_ bytes: [UInt8]) { rest = bytes[...] }

  static func read(_ bytes: [UInt8]) throws -> [StoredRevision.Change] {
    var reader = ChangeReader(bytes)
    var changes: [StoredRevision.Change] = []
    for _ in 0..<(try reader.number()) {
      let key = try reader.bytes()
      let before = try reader.optional { reader in
        let revision = try reader.number()
        return StoredRevision.Change.Before(revision: revision, value: try reader.bytes())
      }
      let after = try reader.optional { try $0.bytes() }
      changes.append(StoredRevision.Change(key: key, before: before, after: after))
    }
    guard reader.rest.isEmpty else { throw Malformed() }
    return changes
  }

  private mutating func byte() throws -> UInt8 {
    guard let byte = rest.popFirst() else { throw Malformed() }
    return byte
  }

  private mutating func number() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let byte = try byte()
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw Malformed()
  }

  private mutating func bytes() throws -> [UInt8] {
    let count = try number()
    guard count <= UInt64(rest.count) else { throw Malformed() }
    defer { rest = rest.dropFirst(Int(count)) }
    return Array(rest.prefix(Int(count)))
  }

  private mutating func optional<T>(_ body: (inout ChangeReader) throws -> T) throws -> T? {
    try byte() == 0 ? nil : try body(&self)
  }
}

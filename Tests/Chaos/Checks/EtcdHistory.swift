// Reads the history that nodes keep in etcd, key by key, as it stands there.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

enum EtcdHistory {
  private struct Pair: Decodable {
    let key: Data
    let value: Data?
  }

  private struct Answer: Decodable {
    let kvs: [Pair]?
  }

  private struct Record: Decodable {
    enum Key: Decodable {
      case text(String)
      case bytes(Data)

      private enum CodingKeys: String, CodingKey { case bytes = "key_b64" }

      init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
          self = .text(text)
        } else {
          self = .bytes(
            try decoder.container(keyedBy: CodingKeys.self).decode(Data.self, forKey: .bytes))
        }
      }

      var key: [UInt8] {
        switch self {
        case .text(let text): Array(text.utf8)
        case .bytes(let data): Array(data)
        }
      }
    }

    let operation: String
    let request: String?
    let index: UInt64
    let keys: [Key]
  }

  /// What stands below the prefix, and cannot be.
  struct Strange: Error {
    let key: String
  }

  /// The revisions after a given one, in order.
  static func read(
    _ etcd: EtcdMembers, after revision: UInt64
  ) async throws -> [StoredRevision] {
    let prefix = EtcdMembers.prefix + "/"
    let history = try await range(etcd, prefix + "h/" + digits(revision + 1), prefix + "h0")
    // What a key holds now, and what it held before each change.
    let present = try await range(etcd, prefix + "k/", prefix + "k0")
    let own = try await range(etcd, prefix + "n/", prefix + "n0")
    let earlier = try await range(etcd, prefix + "v/", prefix + "v0")
    var ends: [[UInt8]: [(end: UInt64, value: StoredRevision.Change.Before?)]] = [:]
    for pair in earlier {
      let text = Array(pair.key.dropFirst(prefix.utf8.count + 2))
      guard let end = UInt64(String(decoding: text.suffix(20), as: UTF8.self)) else {
        throw Strange(key: String(decoding: pair.key, as: UTF8.self))
      }
      ends[unescaped(text.dropLast(21)), default: []].append((end, try value(pair)))
    }
    for pair in present + own {
      let isOwn = pair.key.starts(with: Array((prefix + "n/").utf8))
      let key = (isOwn ? [0] : []) + Array(pair.key.dropFirst(prefix.utf8.count + 2))
      ends[key, default: []].append((.max, try value(pair)))
    }
    return try history.map { pair in
      let record = try JSONDecoder().decode(Record.self, from: pair.value ?? Data())
      let number = UInt64(String(decoding: pair.key.suffix(20), as: UTF8.self)) ?? 0
      return StoredRevision(
        revision: number, logIndex: record.index, term: 0, request: record.request,
        operation: record.operation,
        changes: record.keys.map { key in
          let versions = ends[legible(key.key)] ?? []
          let after = versions.first { $0.end > number }?.value
          return StoredRevision.Change(
            key: key.key, before: versions.first { $0.end == number }?.value,
            after: after.flatMap { $0.revision <= number ? $0.value : nil })
        })
    }
  }

  private static func digits(_ number: UInt64) -> String {
    let text = String(number)
    return String(repeating: "0", count: 20 - text.count) + text
  }

  /// The number of a task stands in digits.
  private static func legible(_ key: [UInt8]) -> [UInt8] {
    let numbers = [0] + Array("number/".utf8)
    guard key.starts(with: numbers), key.count == numbers.count + 8 else { return key }
    let number = key.suffix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return numbers + Array(digits(number).utf8)
  }

  private static func unescaped(_ text: some Collection<UInt8>) -> [UInt8] {
    var key: [UInt8] = []
    var rest = Array(text)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        key.append(byte)
        continue
      }
      key.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
      rest = rest.dropFirst(2)
    }
    return key
  }

  /// `{"revision":...,"value":...}`, or `{}` for nothing.
  private static func value(_ pair: Pair) throws -> StoredRevision.Change.Before? {
    let text = Array(pair.value ?? Data())
    guard text != Array("{}".utf8) else { return nil }
    let head = Array(#"{"revision":"#.utf8)
    let digits = text.dropFirst(head.count).prefix { (0x30...0x39).contains($0) }
    let rest = text.dropFirst(head.count + digits.count).dropLast()
    guard text.starts(with: head), let revision = UInt64(String(decoding: digits, as: UTF8.self))
    else {
      throw Strange(key: String(decoding: pair.key, as: UTF8.self))
    }
    let json = Array(#","value":"#.utf8)
    let value = rest.starts(with: json) ? rest.dropFirst(json.count) : rest
    return StoredRevision.Change.Before(revision: revision, value: Array(value))
  }

  private static func range(
    _ etcd: EtcdMembers, _ first: String, _ end: String
  ) async throws -> [Pair] {
    let body = [
      "key": Data(first.utf8).base64EncodedString(),
      "range_end": Data(end.utf8).base64EncodedString(),
    ]
    var request = HTTPClientRequest(url: "http://\(etcd.hosts[0]):2379/v3/kv/range")
    request.method = .POST
    request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
    let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    let bytes = try await answer.body.collect(upTo: 1 << 28)
    return try JSONDecoder().decode(Answer.self, from: Data(bytes.readableBytesView)).kvs ?? []
  }
}

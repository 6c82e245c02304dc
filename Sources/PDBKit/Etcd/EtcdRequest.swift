// What is sent to etcd's JSON gateway, and what comes back.

import PDBModel

/// A part of a transaction.
enum EtcdRequest: Sendable {
  case put(Bytes, Bytes)
  case delete(Bytes)
  case deleteAll(KeyRange)
  case range(KeyRange, limit: Int, revision: Int64)
  /// Others in one, because a transaction may have only so many parts.
  case group([EtcdRequest])

  var json: JSON {
    switch self {
    case .put(let key, let value):
      ["request_put": ["key": .string(key.base64), "value": .string(value.base64)]]
    case .delete(let key): ["request_delete_range": ["key": .string(key.base64)]]
    case .deleteAll(let range):
      [
        "request_delete_range": [
          "key": .string(range.lower.base64), "range_end": .string(range.upper.base64),
        ]
      ]
    case .range(let range, let limit, let revision):
      [
        "request_range": [
          "key": .string(range.lower.base64), "range_end": .string(range.upper.base64),
          "limit": .string(String(limit)), "revision": .string(String(revision)),
        ]
      ]
    case .group(let requests): ["request_txn": ["success": .array(requests.map(\.json))]]
    }
  }
}

extension EtcdRequest {
  /// etcd allows 128 parts in a transaction, those of the transactions around it counted.
  private static let partsOfTransaction = 32

  /// As many parts as etcd takes, however many there are.
  static func parts(_ requests: [EtcdRequest]) -> [JSON] {
    var requests = requests
    while requests.count > partsOfTransaction {
      requests = stride(from: 0, to: requests.count, by: partsOfTransaction).map {
        .group(Array(requests[$0..<min(requests.count, $0 + partsOfTransaction)]))
      }
    }
    return requests.map(\.json)
  }
}

/// A key as etcd tells of it.
struct EtcdPair {
  let key: Bytes
  let value: Bytes
  /// etcd's own revision of the last change.
  let modified: Int64

  init?(_ json: JSON) {
    guard let key = json["key"]?.string.flatMap(Bytes.init(base64:)),
      let modified = json["mod_revision"]?.string.flatMap({ Int64($0) })
    else { return nil }
    self.key = key
    value = json["value"]?.string.flatMap(Bytes.init(base64:)) ?? []
    self.modified = modified
  }
}

extension JSON {
  /// etcd's revision in the head of an answer.
  var etcdRevision: Int64 { self["header"]?["revision"]?.string.flatMap { Int64($0) } ?? 0 }

  /// The pairs of an answer to a range, and whether there are more.
  var etcdRange: (pairs: [EtcdPair], more: Bool) {
    ((self["kvs"]?.array ?? []).compactMap(EtcdPair.init), self["more"]?.bool ?? false)
  }
}

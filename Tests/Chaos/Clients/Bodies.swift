// The JSON that goes to the nodes and comes back.

import Foundation
import Linearizability
import NIOHTTP1

/// The error object of pdb.
struct ErrorBody: Decodable {
  let error: String
  let outcome: String
  let leader: String?
}

struct PairBody: Decodable {
  let key: String
  let value: RegisterValue
  let revision: UInt64
}

struct PairsBody: Decodable {
  let pairs: [PairBody]
  let revision: UInt64
}

struct TasksBody: Decodable {
  let tasks: [TaskAnswer]
}

extension Action {
  /// The request that does it.
  var request: HTTPRequest {
    switch self {
    case .read(let key):
      return HTTPRequest(path: "/kv/\(key)")
    case .readPast(let key, let revision):
      return HTTPRequest(path: "/kv/\(key)?at=\(revision)")
    case .lease(let key, let value, let milliseconds):
      struct Body: Encodable {
        let value: String, milliseconds: UInt64
        enum CodingKeys: String, CodingKey {
          case value
          case milliseconds = "ttl_ms"
        }
      }
      return HTTPRequest(
        method: .PUT, path: "/kv/\(key)",
        body: Self.json(Body(value: value, milliseconds: milliseconds)))
    case .setTogether(let keys, let value):
      struct Step: Encodable { let op = "kv set", key: String, value: String }
      return HTTPRequest(
        method: .POST, path: "/txn",
        body: Self.json(["steps": keys.map { Step(key: $0, value: value) }]))
    case .readAll(let prefix):
      return HTTPRequest(path: "/kv?prefix=\(prefix)")
    case .write(let key, let value, let condition):
      var request = HTTPRequest(
        method: .PUT, path: "/kv/\(key)", body: Self.json(["value": value]))
      switch condition {
      case .none: break
      case .absent: request.headers.add(name: "If-None-Match", value: "*")
      case .revision(let revision): request.headers.add(name: "If-Match", value: "\"\(revision)\"")
      }
      return request
    case .delete(let key):
      return HTTPRequest(method: .DELETE, path: "/kv/\(key)")
    case .increment(let key, let amount):
      struct Body: Encodable { let key: String, by: Int64 }
      return HTTPRequest(
        method: .POST, path: "/increment", body: Self.json(Body(key: key, by: amount)))
    case .append(let key, let element):
      struct Body: Encodable { let key: String, values: [String] }
      return HTTPRequest(
        method: .POST, path: "/append", body: Self.json(Body(key: key, values: [element])))
    case .addTask(let title):
      return HTTPRequest(method: .POST, path: "/tasks", body: Self.json(["title": title]))
    case .editTask(let id, let title, let completed):
      struct Body: Encodable { let title: String?, completed: Bool? }
      return HTTPRequest(
        method: .PUT, path: "/tasks/\(id)",
        body: Self.json(Body(title: title, completed: completed)))
    case .removeTask(let id):
      return HTTPRequest(method: .DELETE, path: "/tasks/\(id)")
    }
  }

  private static func json(_ body: some Encodable) -> Data {
    let encoder = JSONEncoder()
    // A repetition must be the same byte for byte; without this the order is one of chance.
    encoder.outputFormatting = .sortedKeys
    do { return try encoder.encode(body) } catch {
      preconditionFailure("bodies are structs and dictionaries of text and numbers: \(error)")
    }
  }

  /// What a successful answer says; `nil` if it does not say what it should.
  func answer(_ answer: HTTPAnswer) -> Answer? {
    switch self {
    case .read, .readPast, .write, .lease, .increment, .append:
      let body: PairBody? = answer.decoded()
      return body.map { .pair($0.value, revision: $0.revision) }
    case .readAll:
      let body: PairsBody? = answer.decoded()
      return body.map { body in
        .pairs(
          Dictionary(
            body.pairs.map { ($0.key, RevisedValue(value: $0.value, revision: $0.revision)) },
            uniquingKeysWith: { first, _ in first }))
      }
    case .delete, .setTogether, .removeTask:
      return .done
    case .addTask, .editTask:
      return answer.decoded(TaskAnswer.self).map(Answer.task)
    }
  }
}

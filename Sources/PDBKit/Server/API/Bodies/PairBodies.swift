// What clients send about keys and values. A key that is no text is sent as `key_b64`, a value
// that is no JSON as `value_b64`.

import PDBModel
import PDBStore

/// `{"key","value"}`, or many: `{"pairs":[{"key","value"},...]}`
enum SetBody: JSONBody {
  case one(NewPair, Duration?)
  case many([NewPair])

  static let shape = BodyShape(
    "Set",
    BodyShape(
      "NewPairs",
      .pairs(
        else: PDBError(
          .badRequest, "'pairs' must be a list with at least one {\"key\",\"value\"}"),
        most: Limits.batchCount)
    ) { Self.many($0) },
    if: "pairs",
    else: BodyShape("NewPairForAWhile", .pair, .timeToLive) { Self.one($0, $1) })
}

/// `{"value","ttl_ms"}`: the key stands in the path.
struct NewValueBody: JSONBody {
  let value: Bytes
  let time: Duration?

  static let shape = BodyShape("NewValue", .value, .timeToLive) { Self(value: $0, time: $1) }
}

/// `{"key","ttl_ms"}`
struct TouchBody: JSONBody {
  let key: Bytes
  let time: Duration?

  static let shape = BodyShape(
    "Touch", .key, .timeToLive,
    others: UnknownMember(hint: "send {\"key\",\"ttl_ms\"}; null: never")
  ) { Self(key: $0, time: $1) }
}

/// `{"key","value"}`; `null` removes the key.
enum ReplicateBody: JSONBody {
  case set(NewPair)
  case remove(Bytes)

  static let shape = BodyShape(
    "Replicate",
    Field(Field<NewPair>.pair.members, oneOf: Field<NewPair>.pair.alternatives) { json -> Self in
      json["value"]?.isNull == true ? .remove(try json.key()) : .set(try NewPair(json: json))
    }
  ) { $0 }
}

/// `{"key","by"}`
struct IncrementBody: JSONBody {
  let key: Bytes
  let amount: Int64

  static let shape = BodyShape(
    "Increment", .key,
    Field<Int64?>.optional(
      "by", .integer(Int64.min, Int64.max).about("1 if it is missing"),
      else: PDBError(.badRequest, "'by' must be a whole number of 64 bits")
    ) { $0.whole() }
  ) { Self(key: $0, amount: $1 ?? 1) }
}

/// `{"key","values":[...]}`
struct AppendBody: JSONBody {
  let key: Bytes
  let values: [Bytes]

  static let shape = BodyShape(
    "Append", .key,
    Field(
      "values", .array(of: .any, least: 1, most: Limits.batchCount),
      else: PDBError(.badRequest, "'values' must be a list with at least one value")
    ) { json in json.array.flatMap { $0.isEmpty ? nil : $0.map { $0.serialized() } } }
  ) { Self(key: $0, values: $1) }
}

/// `{"keys":[...]}`, each a string or `{"key_b64"}`
struct RemoveKeysBody: JSONBody {
  let keys: [Bytes]

  static let shape = BodyShape(
    "RemoveKeys",
    Field(
      "keys",
      .array(
        of: .any(of: [
          .key, Schema.object([.required("key_b64", .keyBytes)]).named("KeyBytes"),
        ]), least: 1, most: Limits.batchCount),
      else: PDBError(.badRequest, "'keys' must be a list with at least one key")
    ) { json in
      json.array.flatMap { keys in
        keys.isEmpty
          ? nil : keys.map { $0.string.map { Bytes(utf8: $0) } ?? Bytes(keyIn: $0) ?? [] }
      }
    }
  ) { Self(keys: $0) }
}

/// `{"steps":[{"op",...}]}`
struct TransactionBody: JSONBody {
  let steps: [TransactionStep]

  static let shape = BodyShape(
    "Transaction",
    Field(
      "steps", .array(of: .transactionStep, least: 1, most: Limits.batchCount),
      else: PDBError(.badRequest, "'steps' must be a list with at least one {\"op\",...}")
    ) { json in
      guard let steps = json.array, !steps.isEmpty else { return nil }
      try Limits.check(count: steps.count, of: "steps")
      return try steps.map { try TransactionStep(json: $0) }
    }
  ) { Self(steps: $0) }
}

// MARK: Fields

extension Field<Bytes> {
  static let key = Field(
    [
      .optional("key", Schema.string.nullable.about("Does not count beside key_b64")),
      .optional("key_b64", .keyBytes),
    ], oneOf: [.init("key_b64", else: .required("key", .key))]
  ) { try $0.key() }

  static let value = Field(
    [
      .optional("value", .any.about("Any JSON value; \(Limits.valueBytes) bytes at most")),
      .optional("value_b64", .valueBytes),
    ], oneOf: [.init("value_b64", else: .required("value", .any))]
  ) { try $0.value() }
}

extension Field<Duration?> {
  /// For how long a key lives.
  static let timeToLive = Field([
    .optional(
      "ttl_ms",
      Schema.integer(Limits.leaseMilliseconds.lowerBound, Limits.leaseMilliseconds.upperBound)
        .nullable.about("After how many milliseconds the key ceases to be; null: never"))
  ]) { json in
    let time = try json.timeToLive()
    guard time.map({ Limits.leaseMilliseconds.contains($0.milliseconds) }) != false else {
      throw PDBError(
        .badRequest, "'ttl_ms' is from 100 (0.1 s) to 315360000000 (10 years), or null: never")
    }
    return time
  }
}

extension Field<NewPair> {
  static let pair = Field(
    Field<Bytes>.key.members + Field<Bytes>.value.members,
    oneOf: Field<Bytes>.key.alternatives + Field<Bytes>.value.alternatives
  ) { try NewPair(json: $0) }
}

extension Schema {
  fileprivate static let newPair = BodyShape("NewPair", .pair) { $0 }.schema
}

extension Field<[NewPair]> {
  /// A list of pairs with at least one.
  ///
  /// - Parameters:
  ///   - complaint: what is said to anything else.
  ///   - most: how many at most.
  static func pairs(else complaint: PDBError, most: Int? = nil) -> Self {
    Field("pairs", .array(of: .newPair, least: 1, most: most), else: complaint) { json in
      guard let pairs = json.array, !pairs.isEmpty else { return nil }
      if most != nil { try Limits.check(count: pairs.count, of: "pairs") }
      guard pairs.allSatisfy({ $0["ttl_ms"] == nil }) else {
        throw PDBError(
          .badRequest, "'ttl_ms' says nothing in a list of pairs",
          hint: "POST /txn sets several keys that end")
      }
      return try pairs.map { try NewPair(json: $0) }
    }
  }
}

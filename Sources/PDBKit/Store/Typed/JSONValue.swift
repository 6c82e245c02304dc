// Values of a program's own types, as JSON.

import Foundation
import PDBModel

/// Writes and reads values. Dates are RFC 3339, bytes base64.
enum JSONValue {
  static func encode(_ value: some Encodable) throws(PDBError) -> Bytes {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
    do { return Bytes(try encoder.encode(value)) } catch {
      throw PDBError(.invalidValue, "the value cannot be written as JSON: \(error)")
    }
  }

  static func decode<Value: Decodable>(
    _ type: Value.Type, _ bytes: Bytes, under key: String
  ) throws(PDBError) -> Value {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    do { return try decoder.decode(type, from: Data(bytes)) } catch {
      throw PDBError(
        .invalidValue, "the value of '\(key.escapingControlCharacters)' is no \(type): \(error)",
        hint: "read it as what it is, or set it anew")
    }
  }
}

extension PDBError {
  /// A store answered to something else than what it was asked.
  static let unexpected = PDBError(
    .badAnswer, "the answer does not belong to the question", outcome: .applied)
}

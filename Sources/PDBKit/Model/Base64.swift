// Bytes as one word, without padding.

import Foundation

/// Base64 (RFC 4648) as hashes of keys and invitations are written.
package enum Base64 {
  /// The signs for 62 and 63.
  package enum Alphabet: Sendable {
    /// `+` and `/` (section 4).
    case plain
    /// `-` and `_`, for words of a shell (section 5).
    case url
  }

  package static func encode(_ bytes: Bytes, _ alphabet: Alphabet = .plain) -> String {
    let text = Data(bytes).base64EncodedString().replacing("=", with: "")
    return alphabet == .plain ? text : text.replacing("+", with: "-").replacing("/", with: "_")
  }

  /// - Returns: `nil` for a text that ``encode(_:_:)`` does not write.
  package static func decode(_ text: some StringProtocol, _ alphabet: Alphabet = .plain) -> Bytes? {
    var padded = String(text)
    if alphabet == .url {
      padded = padded.replacing("-", with: "+").replacing("_", with: "/")
    }
    padded += String(repeating: "=", count: (4 - padded.utf8.count % 4) % 4)
    guard let bytes = Data(base64Encoded: padded).map(Bytes.init), encode(bytes, alphabet) == text
    else { return nil }
    return bytes
  }
}

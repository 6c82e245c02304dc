// What a script must never bring about.

/// Something that must not be, whatever peers and clients send.
package struct Violation: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

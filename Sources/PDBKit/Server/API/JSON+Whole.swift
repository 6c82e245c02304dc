// Whole numbers as clients write them. To JSON Schema `1.0` and `1e3` are whole, and there are
// languages that write them so (JSON Schema Core, section 4.2.3). What is stored stays as it is.

import PDBModel

extension JSON {
  /// The number; `nil` if this is no whole number, or one that does not fit.
  func whole<Number: FixedWidthInteger>(as type: Number.Type = Number.self) -> Number? {
    guard case .number(let text) = self else { return nil }
    if let number = Number(text) { return number }
    let parts = text.split(separator: text.contains("e") ? "e" : "E", maxSplits: 1)
    let mantissa = parts[0].split(separator: ".", maxSplits: 1)
    guard let exponent = parts.count == 2 ? Int(parts[1]) : 0, abs(exponent) < 400 else {
      return nil
    }
    let fraction = mantissa.count == 2 ? mantissa[1] : ""
    // The point moves right by the exponent, or left.
    var digits = String(mantissa[0] + fraction)
    var decimals = fraction.count - exponent
    while decimals > 0, digits.last == "0" {
      digits.removeLast()
      decimals -= 1
    }
    guard decimals <= 0 || digits.isEmpty || digits == "-" else { return nil }
    let isZero = digits.allSatisfy { $0 == "0" || $0 == "-" }
    return isZero ? 0 : Number(digits + String(repeating: "0", count: -decimals))
  }
}

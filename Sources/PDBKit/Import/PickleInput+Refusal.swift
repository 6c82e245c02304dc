// What a user is told about a pickle that asks for more than plain data.

import PDBModel

extension PickleInput {
  /// The error for an instruction that is not followed: its name and, if it asks for something
  /// of Python's by name, that name.
  ///
  /// - Parameter stack: where `STACK_GLOBAL` finds the two parts of the name.
  func refusal(of byte: UInt8, stack: [PickleValue]) -> PDBError {
    guard let name = PickleOpcode.refused[byte] else {
      return damaged("there is no instruction \(byte)")
    }
    let offset = instructionOffset
    let wanted = wantedName(name, stack: stack)
    return PDBError(
      .badRequest,
      wanted.map {
        "the pickle is not plain data: it asks for '\(name)' '\($0)' at byte \(offset); nothing was executed"
      }
        ?? "the pickle is not plain data: it asks for '\(name)' at byte \(offset); nothing was executed",
      hint: "do not load the file in Python unless you trust who made it;"
        + " if you do, save it from there as JSON with json.dump")
  }

  private func wantedName(_ instruction: String, stack: [PickleValue]) -> String? {
    switch instruction {
    case "GLOBAL", "INST":
      var rest = self
      guard let module = try? rest.readLine(), let name = try? rest.readLine() else { return nil }
      return [module, name].map { String(decoding: $0, as: UTF8.self).shownBriefly }
        .joined(separator: ".")
    case "STACK_GLOBAL":
      let parts = stack.suffix(2).compactMap(\.keyText)
      return parts.count == 2 ? parts.map(\.shownBriefly).joined(separator: ".") : nil
    default: return nil
    }
  }
}

extension String {
  /// The beginning of a text from outside, as errors show it.
  var shownBriefly: String {
    let beginning = String(unicodeScalars.prefix(80))
    let isWhole = beginning.utf8.count == utf8.count
    return beginning.escapingControlCharacters + (isWhole ? "" : "…")
  }
}
